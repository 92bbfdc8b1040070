package dev.residual.data;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Message digests without the checked exception: every Java platform must have MD5 and SHA-256. */
public final class Digests {
    private Digests() {}

    static MessageDigest md5() {
        return of("MD5");
    }

    public static MessageDigest sha256() {
        return of("SHA-256");
    }

    private static MessageDigest of(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}

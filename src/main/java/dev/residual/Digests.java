package dev.residual;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Message digests without the checked exception: every Java platform must have MD5 and SHA-256. */
public final class Digests {
    private Digests() {}

    public static MessageDigest md5() {
        return of("MD5");
    }

    public static MessageDigest sha256() {
        return of("SHA-256");
    }

    /** The SHA-256 of a file in hex. */
    public static String sha256(Path file) {
        try (DigestOutputStream sum = new DigestOutputStream(OutputStream.nullOutputStream(), sha256())) {
            Files.copy(file, sum);
            return HexFormat.of().formatHex(sum.getMessageDigest().digest());
        } catch (IOException e) {
            throw new ResidualException("cannot read " + file + ": " + ResidualException.reason(e), e);
        }
    }

    private static MessageDigest of(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}

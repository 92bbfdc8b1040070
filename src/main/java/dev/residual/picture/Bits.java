package dev.residual.picture;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/** The bits of a buffer, the lowest of each byte first. */
final class Bits {
    private final ByteBuffer in;
    private long held;
    private int count;

    Bits(ByteBuffer in) {
        this.in = in;
    }

    /** @param n up to 32 */
    int read(int n) {
        int value = peek(n);
        skip(n);
        return value;
    }

    /** The next bits without going on; behind the end there are zeros. */
    int peek(int n) {
        while (count < n && in.hasRemaining()) {
            held |= (in.get() & 0xffL) << count;
            count += 8;
        }
        return (int) (held & (1L << n) - 1);
    }

    /** @throws BufferUnderflowException when there are not so many */
    void skip(int n) {
        if (n > count) {
            throw new BufferUnderflowException();
        }
        held >>>= n;
        count -= n;
    }
}

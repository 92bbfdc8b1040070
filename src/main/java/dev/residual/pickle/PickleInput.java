package dev.residual.pickle;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** The bytes that a pickle is read from; it knows its place and its end. Several pickles may follow one another in it. */
public final class PickleInput extends FilterInputStream {
    private final long size;
    private long position;

    public PickleInput(byte[] bytes) {
        this(new ByteArrayInputStream(bytes), bytes.length);
    }

    /** @param in buffered: a pickle is read byte by byte */
    public PickleInput(InputStream in, long size) {
        super(in);
        this.size = size;
    }

    public long position() {
        return position;
    }

    long left() {
        return size - position;
    }

    @Override
    public int read() throws IOException {
        int b = super.read();
        position += b < 0 ? 0 : 1;
        return b;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        int n = super.read(bytes, offset, length);
        position += Math.max(n, 0);
        return n;
    }

    @Override
    public long skip(long n) throws IOException {
        long skipped = super.skip(n);
        position += skipped;
        return skipped;
    }

    @Override
    public boolean markSupported() {
        return false;
    }
}

package dev.residual.data;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Writes a dictionary as Python 2's cPickle did with protocol 2: byte for byte what the files of CIFAR are made of. */
final class Python2Pickle {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private int memo;

    Python2Pickle() {
        raw("\u0080\u0002}").remembered().raw("(");
    }

    Python2Pickle put(String key, String text) {
        return text(key).text(text);
    }

    Python2Pickle put(String key, int number) {
        return text(key).number(number);
    }

    Python2Pickle put(String key, List<?> values) {
        text(key).raw("]").remembered().raw("(");
        for (Object value : values) {
            if (value instanceof String text) {
                text(text);
            } else {
                number((Integer) value);
            }
        }
        return raw("e");
    }

    /** A numpy array of bytes. */
    Python2Pickle put(String key, int rows, int columns, byte[] bytes) {
        text(key).raw("cnumpy.core.multiarray\n_reconstruct\n").remembered();
        raw("cnumpy\nndarray\n")
                .remembered()
                .raw("K\0\u0085U\1b\u0087R")
                .remembered()
                .raw("(K\1");
        number(rows).number(columns).raw("\u0086cnumpy\ndtype\n").remembered().raw("U\2u1K\0K\1\u0087R");
        remembered().raw("(K\3U\1|NNNJ\u00ff\u00ff\u00ff\u00ffJ\u00ff\u00ff\u00ff\u00ffK\0tb\u0089T");
        out.writeBytes(little(4).putInt(bytes.length).array());
        out.writeBytes(bytes);
        return raw("tb");
    }

    byte[] bytes() {
        raw("u.");
        return out.toByteArray();
    }

    private Python2Pickle text(String text) {
        return raw("U" + (char) text.length() + text).remembered();
    }

    private Python2Pickle number(int n) {
        if (n < 1 << 8) {
            return raw("K" + (char) n);
        }
        raw("M").out.writeBytes(little(2).putShort((short) n).array());
        return this;
    }

    private Python2Pickle remembered() {
        if (++memo < 1 << 8) {
            return raw("q" + (char) memo);
        }
        raw("r").out.writeBytes(little(4).putInt(memo).array());
        return this;
    }

    private Python2Pickle raw(String latin1) {
        out.writeBytes(latin1.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}

package dev.residual.formats.pytorch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;

/** Writes pickles operation by operation, and the files around them: what PyTorch would write, and what it never would. */
public final class TorchBytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    public static TorchBytes pickle() {
        return new TorchBytes().op(0x80).op(2);
    }

    TorchBytes op(int... bytes) {
        for (int b : bytes) {
            out.write(b);
        }
        return this;
    }

    public TorchBytes raw(String ascii) {
        out.writeBytes(ascii.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    public TorchBytes text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        raw("X").out.writeBytes(little(4).putInt(bytes.length).array());
        out.writeBytes(bytes);
        return this;
    }

    TorchBytes number(BigInteger number) {
        byte[] big = number.toByteArray();
        op(0x8a, big.length);
        for (int i = big.length - 1; i >= 0; i--) {
            op(big[i]);
        }
        return this;
    }

    TorchBytes number(long number) {
        return number(BigInteger.valueOf(number));
    }

    TorchBytes tuple(long... numbers) {
        raw("(");
        for (long n : numbers) {
            number(n);
        }
        return raw("t");
    }

    TorchBytes global(String module, String name) {
        return raw("c" + module + "\n" + name + "\n");
    }

    TorchBytes repeat(int times, String ascii) {
        return raw(ascii.repeat(times));
    }

    TorchBytes storage(String key, long count) {
        return raw("(").text("storage")
                .global("torch", "FloatStorage")
                .text(key)
                .text("cpu")
                .number(count)
                .raw("tQ");
    }

    public TorchBytes tensor(String key, long count, long offset, long[] size, long[] stride) {
        return global("torch._utils", "_rebuild_tensor_v2")
                .raw("(")
                .storage(key, count)
                .number(offset)
                .tuple(size)
                .tuple(stride)
                .op(0x89)
                .raw("}tR");
    }

    public byte[] bytes() {
        return out.toByteArray();
    }

    /** A state_dict of one tensor. */
    static byte[] stateDict(String key, long count, long offset, long[] size, long[] stride) {
        return pickle().raw("}")
                .text("weight")
                .tensor(key, count, offset, size, stride)
                .raw("s.")
                .bytes();
    }

    static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A stored zip of these entries; a name's "#2" is cut off, so that a name can be there twice. */
    public static byte[] zip(Map<String, byte[]> entries, int method) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipArchiveOutputStream zip = new ZipArchiveOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> e : entries.entrySet()) {
                ZipArchiveEntry entry = new ZipArchiveEntry("x/" + e.getKey().replace("#2", ""));
                CRC32 sum = new CRC32();
                sum.update(e.getValue());
                entry.setMethod(method);
                entry.setSize(e.getValue().length);
                entry.setCrc(sum.getValue());
                zip.putArchiveEntry(entry);
                zip.write(e.getValue());
                zip.closeArchiveEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** The zip layout. */
    public static byte[] zip(byte[] pickle, byte[]... storages) {
        return zip(entries(pickle, storages), ZipEntry.STORED);
    }

    static Map<String, byte[]> entries(byte[] pickle, byte[]... storages) {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("data.pkl", pickle);
        for (int i = 0; i < storages.length; i++) {
            entries.put("data/" + i, storages[i]);
        }
        return entries;
    }

    /** The legacy layout's first three pickles. */
    static TorchBytes legacyStart(boolean littleEndian) {
        TorchBytes bytes =
                pickle().number(new BigInteger("1950a86a20f9469cfc6c", 16)).raw(".");
        bytes.op(0x80, 2).number(1001).raw(".");
        return bytes.op(0x80, 2)
                .raw("}")
                .text("little_endian")
                .op(littleEndian ? 0x88 : 0x89)
                .raw("s.");
    }

    /** The legacy layout: keys and storages as they are told, one count each before the bytes. */
    static byte[] legacy(byte[] pickle, String[] keys, long count, byte[] storage) {
        TorchBytes bytes = legacyStart(true);
        bytes.out.writeBytes(pickle);
        bytes.op(0x80, 2).raw("](");
        for (String key : keys) {
            bytes.text(key);
        }
        bytes.raw("e.");
        for (int i = 0; i < keys.length; i++) {
            bytes.out.writeBytes(little(8).putLong(count).array());
            bytes.out.writeBytes(storage);
        }
        return bytes.bytes();
    }
}

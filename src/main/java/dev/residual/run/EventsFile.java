package dev.residual.run;

import com.google.protobuf.CodedOutputStream;
import dev.residual.ResidualException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * {@code events.out.tfevents.*}: the metrics for TensorBoard. A file of TFRecords (length, its checksum, bytes, their
 * checksum), each an {@code Event} message of tensorflow/core/util/event.proto.
 */
public final class EventsFile {
    private static final String PREFIX = "events.out.tfevents.";

    // Field numbers of Event, Summary and Summary.Value.
    private static final int WALL_TIME = 1;
    private static final int STEP = 2;
    private static final int FILE_VERSION = 3;
    private static final int SUMMARY = 5;
    private static final int VALUE = 1;
    private static final int TAG = 1;
    private static final int SIMPLE_VALUE = 2;

    private final Path path;

    /**
     * Starts a file with the rows that there are, in place of any earlier one: it holds no more than metrics.csv, so
     * nothing is lost, and a resumed run leaves no curve that turns back.
     */
    public EventsFile(Path directory, List<Metrics> rows) {
        double now = System.currentTimeMillis() / 1e3;
        path = directory.resolve(PREFIX + (long) now + ".residual");
        try (DirectoryStream<Path> earlier = Files.newDirectoryStream(directory, PREFIX + "*")) {
            for (Path file : earlier) {
                Files.delete(file);
            }
            append(event(now, 0, out -> out.writeString(FILE_VERSION, "brain.Event:2")));
        } catch (IOException e) {
            throw failed(e);
        }
        rows.forEach(this::add);
    }

    /** Adds one row: each of its figures under a tag of its own, by iteration. */
    public void add(Metrics row) {
        Map<String, Double> scalars = new LinkedHashMap<>();
        scalars.put("loss/train", row.train().loss());
        scalars.put("loss/test", row.test().loss());
        scalars.put("loss/validation", row.validation().loss());
        scalars.put("accuracy/train", row.train().accuracy());
        scalars.put("accuracy/test", row.test().accuracy());
        scalars.put("accuracy/validation", row.validation().accuracy());
        scalars.put("learning_rate", row.learningRate());
        scalars.put("images_per_second", row.time().imagesPerSecond());
        scalars.values().removeIf(v -> v.isNaN());
        try {
            byte[] summary = message(out -> {
                for (Map.Entry<String, Double> scalar : scalars.entrySet()) {
                    out.writeByteArray(VALUE, message(value -> {
                        value.writeString(TAG, scalar.getKey());
                        value.writeFloat(SIMPLE_VALUE, scalar.getValue().floatValue());
                    }));
                }
            });
            append(event(
                    System.currentTimeMillis() / 1e3, row.iteration(), out -> out.writeByteArray(SUMMARY, summary)));
        } catch (IOException e) {
            throw failed(e);
        }
    }

    @FunctionalInterface
    private interface Fields {
        void write(CodedOutputStream out) throws IOException;
    }

    private static byte[] event(double time, long step, Fields fields) throws IOException {
        return message(out -> {
            out.writeDouble(WALL_TIME, time);
            out.writeInt64(STEP, step);
            fields.write(out);
        });
    }

    private static byte[] message(Fields fields) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        fields.write(out);
        out.flush();
        return bytes.toByteArray();
    }

    private void append(byte[] event) throws IOException {
        ByteBuffer record = ByteBuffer.allocate(event.length + 16).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(event.length);
        record.putInt(maskedChecksum(record.array(), 0, Long.BYTES));
        record.put(event);
        record.putInt(maskedChecksum(event, 0, event.length));
        Files.write(path, record.array(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** CRC-32C, rotated and shifted as TensorFlow does so that a checksum of checksums is sound. */
    static int maskedChecksum(byte[] bytes, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, length);
        return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
    }

    private ResidualException failed(IOException e) {
        return new ResidualException("cannot write " + path + ": " + ResidualException.reason(e), e);
    }
}

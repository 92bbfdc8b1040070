package dev.residual.run;

import com.google.protobuf.CodedOutputStream;
import dev.residual.AtomicFile;
import dev.residual.ResidualException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * {@code events.out.tfevents.*}: the metrics, the steps where they are logged, and the options, for TensorBoard. A file of TFRecords (length, its checksum, bytes, their
 * checksum), each an {@code Event} message of tensorflow/core/util/event.proto.
 */
public final class EventsFile {
    private static final String PREFIX = "events.out.tfevents.";

    private static final String STEP_LOSS = "loss/step";

    // Field numbers of Event, Summary, Summary.Value, SummaryMetadata, its PluginData, and SessionLog.
    private static final int WALL_TIME = 1;
    private static final int STEP = 2;
    private static final int FILE_VERSION = 3;
    private static final int SUMMARY = 5;
    private static final int SESSION_LOG = 7;
    private static final int VALUE = 1;
    private static final int TAG = 1;
    private static final int SIMPLE_VALUE = 2;
    private static final int METADATA = 9;
    private static final int PLUGIN_DATA = 1;
    private static final int PLUGIN_NAME = 1;
    private static final int CONTENT = 2;
    private static final int STATUS = 1;
    private static final int START = 1;

    // Of the hparams plugin's HParamsPluginData and SessionStartInfo, of a map's entry and of google.protobuf.Value.
    private static final int SESSION_START_INFO = 3;
    private static final int HPARAMS = 1;
    private static final int START_TIME = 5;
    private static final int KEY = 1;
    private static final int ENTRY = 2;
    private static final int NUMBER = 2;
    private static final int STRING = 3;
    private static final int BOOL = 4;

    private final Path path;

    /**
     * Starts a file with all that there is, and empties any earlier one. It begins with {@code SessionLog.START}, by which a
     * TensorBoard that is open forgets what it has read of the earlier one: a resumed run has one curve, and no step twice.
     *
     * @param options of the run, by name: TensorBoard's hparams
     */
    public EventsFile(Path directory, Map<String, String> options, List<Metrics> rows, List<StepsFile.Step> steps) {
        double now = now();
        long second = (long) now;
        while (Files.exists(file(directory, second))) { // TensorBoard reads files in the order of their names
            second++;
        }
        path = file(directory, second);
        try {
            List<Path> earlier = earlier(directory);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.writeBytes(record(event(now, 0, e -> e.writeString(FILE_VERSION, "brain.Event:2"))));
            byte[] start = message(session -> session.writeEnum(STATUS, START));
            out.writeBytes(record(event(now, 0, e -> e.writeByteArray(SESSION_LOG, start))));
            out.writeBytes(record(hparams(now, options)));
            for (StepsFile.Step step : steps) {
                out.writeBytes(record(scalars(step.iteration(), Map.of(STEP_LOSS, step.loss()))));
            }
            for (Metrics row : rows) {
                out.writeBytes(record(scalars(row.iteration(), figures(row))));
            }
            AtomicFile.write(path, target -> out.writeTo(target));
            withdraw(earlier);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private static List<Path> earlier(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().startsWith(PREFIX))
                    .sorted()
                    .toList();
        }
    }

    /** Deletes all but the last, which is only emptied: a TensorBoard whose file is gone looks for no later one. */
    private static void withdraw(List<Path> files) throws IOException {
        for (Path file : files.subList(0, Math.max(0, files.size() - 1))) {
            Files.delete(file);
        }
        if (!files.isEmpty()) {
            Files.write(files.get(files.size() - 1), new byte[0]);
        }
    }

    private static Path file(Path directory, long second) {
        return directory.resolve(PREFIX + second + ".residual");
    }

    private static double now() {
        return System.currentTimeMillis() / 1e3;
    }

    /** Adds one row: each of its figures under a tag of its own, by iteration. */
    public void add(Metrics row) {
        append(row.iteration(), figures(row));
    }

    /** Adds the loss of one minibatch. */
    public void add(StepsFile.Step step) {
        append(step.iteration(), Map.of(STEP_LOSS, step.loss()));
    }

    private static Map<String, Double> figures(Metrics row) {
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
        return scalars;
    }

    private static byte[] scalars(long step, Map<String, Double> scalars) throws IOException {
        byte[] summary = message(out -> {
            for (Map.Entry<String, Double> scalar : scalars.entrySet()) {
                out.writeByteArray(VALUE, message(value -> {
                    value.writeString(TAG, scalar.getKey());
                    value.writeFloat(SIMPLE_VALUE, scalar.getValue().floatValue());
                }));
            }
        });
        return event(now(), step, out -> out.writeByteArray(SUMMARY, summary));
    }

    /**
     * What the hparams plugin reads (tensorboard/plugins/hparams/plugin_data.proto). An experiment's list of options and
     * metrics is not there: TensorBoard would take that of the first run that it finds for all, where without it it takes
     * all runs' options, and all their scalars as metrics.
     */
    private static byte[] hparams(double time, Map<String, String> options) throws IOException {
        byte[] session = message(info -> {
            for (Map.Entry<String, String> option : options.entrySet()) {
                info.writeByteArray(HPARAMS, message(entry -> {
                    entry.writeString(KEY, option.getKey());
                    entry.writeByteArray(ENTRY, value(option.getValue()));
                }));
            }
            info.writeDouble(START_TIME, time);
        });
        byte[] content = message(data -> data.writeByteArray(SESSION_START_INFO, session));
        byte[] plugin = message(data -> {
            data.writeString(PLUGIN_NAME, "hparams");
            data.writeByteArray(CONTENT, content);
        });
        byte[] metadata = message(data -> data.writeByteArray(PLUGIN_DATA, plugin));
        byte[] value = message(out -> {
            out.writeString(TAG, "_hparams_/session_start_info");
            out.writeByteArray(METADATA, metadata);
        });
        byte[] summary = message(out -> out.writeByteArray(VALUE, value));
        return event(time, 0, out -> out.writeByteArray(SUMMARY, summary));
    }

    /** TensorBoard sorts numbers, and offers a range of them. */
    private static byte[] value(String text) throws IOException {
        return message(out -> {
            if (text.matches("-?\\d+(\\.\\d+)?(E-?\\d+)?")) {
                out.writeDouble(NUMBER, Double.parseDouble(text));
            } else if (text.equals("true") || text.equals("false")) {
                out.writeBool(BOOL, text.equals("true"));
            } else {
                out.writeString(STRING, text);
            }
        });
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

    private void append(long step, Map<String, Double> scalars) {
        try {
            Files.write(path, record(scalars(step, scalars)), StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private static byte[] record(byte[] event) {
        ByteBuffer record = ByteBuffer.allocate(event.length + 16).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(event.length);
        record.putInt(maskedChecksum(record.array(), 0, Long.BYTES));
        record.put(event);
        record.putInt(maskedChecksum(event, 0, event.length));
        return record.array();
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

package dev.residual.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import dev.residual.run.StepsFile.Step;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventsFileTest {
    private static final Metrics UNTRAINED =
            new Metrics(0, 0, 0.1, Score.NONE, new Score(2.5, 10), Score.NONE, new Metrics.Time(0, Double.NaN));
    private static final Metrics FIRST =
            new Metrics(1, 391, 0.1, new Score(1.5, 50), new Score(1.25, 60), Score.NONE, new Metrics.Time(55.5, 901));

    private static final Map<String, String> OPTIONS =
            Map.of("optimizer", "adam", "lr", "0.001", "widths", "8,16", "nesterov", "true");

    @TempDir
    Path folder;

    private static final Step STEP = new Step(1, 0.1, 2.25);

    /** @param start whether it is a SessionLog that says START */
    private record Event(
            long step, String version, boolean start, Map<String, Float> scalars, Map<String, Object> hparams) {}

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    private EventsFile started(List<Metrics> rows, List<Step> steps) {
        return new EventsFile(folder, OPTIONS, rows, steps);
    }

    /** Reads the file by its specification: length, checksum, message, checksum. */
    private List<Event> events() throws IOException {
        List<Path> files = files();
        Path file = files.get(files.size() - 1);
        assertThat(file.getFileName().toString()).startsWith("events.out.tfevents.");
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        List<Event> events = new ArrayList<>();
        while (in.hasRemaining()) {
            int start = in.position();
            byte[] message = new byte[(int) in.getLong()];
            assertThat(in.getInt()).isEqualTo(EventsFile.maskedChecksum(in.array(), start, 8));
            in.get(message);
            assertThat(in.getInt()).isEqualTo(EventsFile.maskedChecksum(message, 0, message.length));
            events.add(event(message));
        }
        return events;
    }

    private static Event event(byte[] message) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(message);
        long step = 0;
        String version = "";
        boolean start = false;
        Map<String, Float> scalars = new LinkedHashMap<>();
        Map<String, Object> hparams = new LinkedHashMap<>();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1 -> assertThat(in.readDouble()).isGreaterThan(1.7e9);
                case 2 -> step = in.readInt64();
                case 3 -> version = in.readString();
                case 5 -> summary(in.readByteArray(), scalars, hparams);
                case 7 -> start = Arrays.equals(in.readByteArray(), new byte[] {1 << 3, 1}); // status: START
                default -> throw new AssertionError("field " + tag);
            }
        }
        return new Event(step, version, start, scalars, hparams);
    }

    private static void summary(byte[] message, Map<String, Float> scalars, Map<String, Object> hparams)
            throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(message);
        while (in.readTag() != 0) {
            CodedInputStream value = CodedInputStream.newInstance(in.readByteArray());
            value.readTag();
            String tag = value.readString();
            if (WireFormat.getTagFieldNumber(value.readTag()) == 2) {
                scalars.put(tag, value.readFloat());
            } else {
                assertThat(tag).isEqualTo("_hparams_/session_start_info");
                CodedInputStream plugin = CodedInputStream.newInstance(only(1, value.readByteArray()));
                plugin.readTag();
                assertThat(plugin.readString()).isEqualTo("hparams");
                plugin.readTag();
                session(only(3, plugin.readByteArray()), hparams);
            }
        }
    }

    /** The bytes of a message's only field. */
    private static byte[] only(int field, byte[] message) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(message);
        assertThat(WireFormat.getTagFieldNumber(in.readTag())).isEqualTo(field);
        byte[] bytes = in.readByteArray();
        assertThat(in.isAtEnd()).isTrue();
        return bytes;
    }

    private static void session(byte[] message, Map<String, Object> hparams) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(message);
        for (int tag = in.readTag(); WireFormat.getTagFieldNumber(tag) == 1; tag = in.readTag()) {
            CodedInputStream entry = CodedInputStream.newInstance(in.readByteArray());
            entry.readTag();
            String name = entry.readString();
            entry.readTag();
            CodedInputStream value = CodedInputStream.newInstance(entry.readByteArray());
            hparams.put(
                    name,
                    switch (WireFormat.getTagFieldNumber(value.readTag())) {
                        case 2 -> value.readDouble();
                        case 3 -> value.readString();
                        case 4 -> value.readBool();
                        default -> throw new AssertionError("no number, text or yes and no");
                    });
        }
        assertThat(in.readDouble()).isGreaterThan(1.7e9); // when it began
    }

    @Test
    void eachRowIsAnEventWithItsFigures() throws IOException {
        EventsFile file = started(List.of(UNTRAINED), List.of());
        file.add(STEP);
        file.add(FIRST);
        List<Event> events = events();
        assertThat(events).hasSize(6);
        assertThat(events.get(0).version).isEqualTo("brain.Event:2");
        assertThat(events.get(3).scalars).containsOnlyKeys("loss/test", "accuracy/test", "learning_rate");
        assertThat(events.get(4).step).isEqualTo(1);
        assertThat(events.get(4).scalars).isEqualTo(Map.of("loss/step", 2.25f));
        assertThat(events.get(5).step).isEqualTo(391);
        assertThat(events.get(5).scalars)
                .containsEntry("loss/train", 1.5f)
                .containsEntry("accuracy/test", 60f)
                .containsEntry("images_per_second", 901f);
    }

    @Test
    void theOptionsAreHparams() throws IOException {
        started(List.of(), List.of());
        assertThat(events().get(2).hparams)
                .isEqualTo(Map.of("optimizer", "adam", "lr", 0.001, "widths", "8,16", "nesterov", true));
    }

    /** What TensorBoard has read of the earlier file it forgets; whoever reads the directory finds each step once. */
    @Test
    void aResumedRunHasEachStepOnce() throws IOException {
        EventsFile first = started(List.of(UNTRAINED), List.of());
        first.add(STEP);
        first.add(new Step(2, 0.1, 2));
        first.add(FIRST);
        Path before = files().get(0);
        EventsFile resumed = started(List.of(UNTRAINED), List.of(STEP));
        resumed.add(new Step(2, 0.1, 1.75));
        // TensorBoard's file stays, or it would look for no later one; it goes on in the order of the names.
        assertThat(files()).hasSize(2).first().isEqualTo(before);
        assertThat(before).isEmptyFile();
        started(List.of(UNTRAINED), List.of(STEP)).add(new Step(2, 0.1, 1.75));
        assertThat(files()).hasSize(2).doesNotContain(before);
        List<Event> events = events();
        assertThat(events.get(1)).matches(e -> e.start && e.step == 0);
        assertThat(events.stream().filter(e -> e.scalars.containsKey("loss/step")))
                .extracting(e -> e.step, e -> e.scalars.get("loss/step"))
                .containsExactly(tuple(1L, 2.25f), tuple(2L, 1.75f));
        assertThat(events).hasSize(6).noneMatch(e -> e.step == 391);
    }

    /** The checksum of "123456789" is the test vector of RFC 3720, appendix B.4; the mask is TensorFlow's. */
    @Test
    void theChecksumIsTheMaskedCrc32c() {
        int crc = 0xe3069283;
        int masked = ((crc >>> 15) | (crc << 17)) + 0xa282ead8;
        assertThat(EventsFile.maskedChecksum("123456789".getBytes(), 0, 9)).isEqualTo(masked);
    }
}

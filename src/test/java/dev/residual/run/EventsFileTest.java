package dev.residual.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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

    @TempDir
    Path folder;

    private record Event(long step, String version, Map<String, Float> scalars) {}

    /** Reads the file by its specification: length, checksum, message, checksum. */
    private List<Event> events() throws IOException {
        Path file;
        try (Stream<Path> files = Files.list(folder)) {
            file = files.toList().get(0);
        }
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
        Map<String, Float> scalars = new LinkedHashMap<>();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1 -> assertThat(in.readDouble()).isGreaterThan(1.7e9);
                case 2 -> step = in.readInt64();
                case 3 -> version = in.readString();
                case 5 -> summary(in.readByteArray(), scalars);
                default -> throw new AssertionError("field " + tag);
            }
        }
        return new Event(step, version, scalars);
    }

    private static void summary(byte[] message, Map<String, Float> scalars) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(message);
        while (in.readTag() != 0) {
            CodedInputStream value = CodedInputStream.newInstance(in.readByteArray());
            value.readTag();
            String tag = value.readString();
            value.readTag();
            scalars.put(tag, value.readFloat());
        }
    }

    @Test
    void eachRowIsAnEventWithItsFigures() throws IOException {
        EventsFile file = new EventsFile(folder, List.of(UNTRAINED));
        file.add(FIRST);
        List<Event> events = events();
        assertThat(events).hasSize(3);
        assertThat(events.get(0).version).isEqualTo("brain.Event:2");
        assertThat(events.get(1).scalars).containsOnlyKeys("loss/test", "accuracy/test", "learning_rate");
        assertThat(events.get(2).step).isEqualTo(391);
        assertThat(events.get(2).scalars)
                .containsEntry("loss/train", 1.5f)
                .containsEntry("accuracy/test", 60f)
                .containsEntry("images_per_second", 901f);
    }

    @Test
    void aResumedRunReplacesTheFile() throws IOException {
        new EventsFile(folder, List.of(UNTRAINED)).add(FIRST);
        new EventsFile(folder, List.of(UNTRAINED));
        assertThat(events()).hasSize(2);
    }

    /** The checksum of "123456789" is the test vector of RFC 3720, appendix B.4; the mask is TensorFlow's. */
    @Test
    void theChecksumIsTheMaskedCrc32c() {
        int crc = 0xe3069283;
        int masked = ((crc >>> 15) | (crc << 17)) + 0xa282ead8;
        assertThat(EventsFile.maskedChecksum("123456789".getBytes(), 0, 9)).isEqualTo(masked);
    }
}

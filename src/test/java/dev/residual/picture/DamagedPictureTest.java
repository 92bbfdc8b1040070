package dev.residual.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.management.ThreadMXBean;
import dev.residual.ResidualException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.statistics.Statistics;

/** Files of all kinds, cut short or damaged: a thousand of each, and with {@code -Pnightly} a hundred thousand. */
class DamagedPictureTest {
    /** For one file, in processor time and in all that is allocated: far above what the largest picture takes. */
    private static final double MAX_SECONDS = 60;

    private static final long MAX_ALLOCATED = 10L << 30;

    private static final List<String> WHOLE = PictureKindsTest.kinds()
            .filter(line -> !line.contains(" refused"))
            .map(line -> line.substring(0, line.indexOf(' ')))
            .toList();

    /** In those the last byte belongs to the picture. */
    private static final List<String> WITH_NOTHING_BEHIND = WHOLE.stream()
            .filter(name -> !name.contains("something-behind") && !name.equals("bmp-profile.bmp"))
            .toList();

    private final ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static byte[] kind(String name) {
        return Pictures.resource("kinds/" + name);
    }

    private static String any(List<String> names, Random random) {
        return names.get(random.nextInt(names.size()));
    }

    @Property
    void whatIsCutShortIsRefused(@ForAll long seed) {
        Random random = new Random(seed);
        String name = any(WITH_NOTHING_BEHIND, random);
        byte[] whole = kind(name);
        byte[] cut = Arrays.copyOf(whole, random.nextInt(whole.length));
        assertThat(catchThrowable(() -> Photo.read(cut, 32)))
                .as(name + " cut at " + cut.length)
                .isInstanceOf(ResidualException.class)
                .hasMessageStartingWith("the image: ");
    }

    /** It is still a picture, or it is refused; and in bounds of time and memory (the tests' heap has 2 GiB). */
    @Property
    void whatIsDamagedIsReadOrRefused(@ForAll long seed) {
        Random random = new Random(seed);
        String name = any(WHOLE, random);
        byte[] file = kind(name);
        for (int i = random.nextInt(4); i >= 0; i--) {
            file = damaged(file, random);
        }
        if (name.endsWith("png") && random.nextBoolean()) {
            mendChecksums(file);
        }
        long time = thread.getCurrentThreadCpuTime();
        long allocated = thread.getCurrentThreadAllocatedBytes();
        boolean read = true;
        try {
            Photo.read(file, 32);
        } catch (ResidualException e) {
            read = false;
            assertThat(e).hasMessageStartingWith("the image: ").hasMessageNotContaining("memory");
            assertThat(e.getMessage()).hasLineCount(1);
        }
        assertThat((thread.getCurrentThreadCpuTime() - time) / 1e9).as(name).isLessThan(MAX_SECONDS);
        assertThat(thread.getCurrentThreadAllocatedBytes() - allocated).as(name).isLessThan(MAX_ALLOCATED);
        Statistics.collect(name.substring(0, name.indexOf('-')), read ? "read" : "refused");
    }

    private static byte[] damaged(byte[] file, Random random) {
        int at = random.nextInt(file.length);
        int count = Math.min(1 + random.nextInt(16), file.length - at);
        byte[] noise = new byte[count];
        random.nextBytes(noise);
        byte[] changed = file.clone();
        switch (random.nextInt(7)) {
            case 0 -> changed[at] = noise[0];
            case 1 -> changed[at] ^= (byte) (1 << random.nextInt(8));
            case 2 -> Arrays.fill(changed, at, at + count, (byte) -random.nextInt(2));
            case 3 -> System.arraycopy(file, random.nextInt(file.length - count + 1), changed, at, count);
            case 4 -> changed = joined(file, at, new byte[0], at + count);
            case 5 -> changed = joined(file, at, noise, at);
            default -> {
                byte[] other = kind(any(WHOLE, random));
                changed = joined(file, at, Arrays.copyOfRange(other, other.length / 2, other.length), file.length);
            }
        }
        return changed.length == 0 ? file : changed;
    }

    /** The file up to a place, something between, and the file from another place on. */
    private static byte[] joined(byte[] file, int to, byte[] between, int from) {
        return ByteBuffer.allocate(to + between.length + file.length - from)
                .put(file, 0, to)
                .put(between)
                .put(file, from, file.length - from)
                .array();
    }

    /** So that the damage is found by what comes behind them. */
    private static void mendChecksums(byte[] png) {
        ByteBuffer in = ByteBuffer.wrap(png);
        for (int at = 8; at + 12 <= png.length; ) {
            long end = at + 8L + (in.getInt(at) & 0xffffffffL);
            if (end + 4 > png.length) {
                return;
            }
            CRC32 crc = new CRC32();
            crc.update(png, at + 4, (int) end - at - 4);
            in.putInt((int) end, (int) crc.getValue());
            at = (int) end + 4;
        }
    }
}

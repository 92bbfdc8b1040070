package dev.residual;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.statistics.Statistics;

/**
 * Files with something wrong in them. Whatever it is, a reader reads them or refuses them with a sentence, soon and without
 * much memory. The number of damaged files is jqwik's default, a thousand, and a hundred thousand with {@code mvn
 * -Pnightly}.
 */
public final class Damage {
    /** Of one reading; any takes milliseconds. Processor time, which other work on the machine does not lengthen. */
    private static final long NANOSECONDS = 5_000_000_000L;

    /** What the limits on pickles allow, whatever a file claims. */
    private static final long BYTES = 200L << 20;

    /** What breaks programs: the ends of every range. */
    private static final int[] EXTREMES = {0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, -1};

    private Damage() {}

    /** Reads and counts what became of it. */
    public static void check(Runnable reading) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long bytes = threads.getCurrentThreadAllocatedBytes();
        long nanoseconds = threads.getCurrentThreadCpuTime();
        String outcome = "read";
        try {
            reading.run();
        } catch (ResidualException e) {
            outcome = "refused";
            assertThat(e.getMessage()).hasSizeLessThan(1000).doesNotContain("\n", "\u001b");
        }
        Statistics.collect(outcome);
        assertThat(threads.getCurrentThreadCpuTime() - nanoseconds).isLessThan(NANOSECONDS);
        assertThat(threads.getCurrentThreadAllocatedBytes() - bytes).isLessThan(BYTES);
    }

    /** One to four changes: bytes, numbers, cuts, holes, repetitions and moved parts. */
    public static byte[] damaged(byte[] whole, Random random) {
        byte[] bytes = whole.clone();
        for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
            bytes = damagedOnce(bytes, random);
        }
        return bytes;
    }

    private static byte[] damagedOnce(byte[] bytes, Random random) {
        if (bytes.length == 0) {
            return bytes;
        }
        int at = random.nextInt(bytes.length);
        int length = Math.min(1 + random.nextInt(64), bytes.length - at);
        switch (random.nextInt(12)) {
            case 0: // cut
                return Arrays.copyOf(bytes, at);
            case 1: // a part missing
                return joined(bytes, at, new byte[0], at + length);
            case 2: // a part repeated, a few times or very often
                byte[] part = Arrays.copyOfRange(bytes, at, at + length);
                byte[] often = new byte[length * (1 << random.nextInt(10))];
                for (int i = 0; i < often.length; i++) {
                    often[i] = part[i % length];
                }
                return joined(bytes, at, often, at);
            case 3: // a part of elsewhere
                int from = random.nextInt(bytes.length);
                byte[] other = Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + length));
                return joined(bytes, at, other, at + length);
            case 4: // another number of four bytes
                int extreme = EXTREMES[random.nextInt(EXTREMES.length)];
                for (int i = at; i < Math.min(bytes.length, at + 4); i++) {
                    bytes[i] = (byte) (extreme >> 8 * (i - at));
                }
                return bytes;
            case 5:
                bytes[at] ^= (byte) (1 << random.nextInt(8));
                return bytes;
            default:
                bytes[at] = (byte) random.nextInt(256);
                return bytes;
        }
    }

    private static byte[] joined(byte[] bytes, int to, byte[] middle, int from) {
        byte[] all = Arrays.copyOf(bytes, to + middle.length + bytes.length - from);
        System.arraycopy(middle, 0, all, to, middle.length);
        System.arraycopy(bytes, from, all, to + middle.length, bytes.length - from);
        return all;
    }
}

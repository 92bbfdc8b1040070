package dev.residual.data;

import static dev.residual.Damage.check;
import static dev.residual.Damage.damaged;

import dev.residual.Directories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Batches of the Python version, and archives, with something wrong in them. */
class DamagedBatchTest {
    private static final byte[] BATCH = TinyCifar.python(TinyCifar.batch(1));
    private static final byte[] TAR = TinyCifar.tar(TinyCifar.entries());
    private static final Cifar SET = Cifar10.set(Cifar10.SOURCE, TinyCifar.RECORDS);

    /** Where the images begin; before and behind them is all that has a structure. */
    private static final int STRUCTURE = 256;

    private static Path folder;

    @BeforeContainer
    static void create() throws IOException {
        folder = Files.createTempDirectory("damaged");
    }

    @AfterContainer
    static void delete() throws IOException {
        Directories.delete(folder);
    }

    @Property(edgeCases = EdgeCasesMode.NONE, shrinking = ShrinkingMode.OFF)
    void batches(@ForAll long seed) throws IOException {
        Random random = new Random(seed);
        byte[] start = damaged(Arrays.copyOf(BATCH, STRUCTURE), random);
        byte[] end = Arrays.copyOfRange(BATCH, STRUCTURE, BATCH.length);
        if (random.nextBoolean()) {
            end = damaged(end, random);
        }
        byte[] all = Arrays.copyOf(start, start.length + end.length);
        System.arraycopy(end, 0, all, start.length, end.length);
        Path file = Files.write(folder.resolve("data_batch_1"), all);
        ImageSet images = new ImageSet(new byte[TinyCifar.RECORDS * ImageSet.BYTES], new short[TinyCifar.RECORDS]);
        check(() -> PickledBatch.read(new Records(file, TinyCifar.RECORDS, SET, images, 0)));
    }

    /** Without gzip, so that no checksum stands before the tar's own. */
    @Property(edgeCases = EdgeCasesMode.NONE, shrinking = ShrinkingMode.OFF)
    void archives(@ForAll long seed) throws IOException {
        Random random = new Random(seed);
        byte[] tar = Arrays.copyOf(TAR, 4096); // enough for several headers
        Path file = Files.write(folder.resolve("a.tar"), damaged(tar, random));
        Path unpacked = folder.resolve(ArchiveTest.FOLDER);
        check(() -> Archive.unpack(file, unpacked, ArchiveTest.FILES, random.nextBoolean()));
        Directories.delete(unpacked);
    }
}

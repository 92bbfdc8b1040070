package dev.residual.formats.pytorch;

import static dev.residual.Damage.check;
import static dev.residual.Damage.damaged;

import dev.residual.Directories;
import dev.residual.data.Normalization;
import dev.residual.formats.importing.Importer;
import dev.residual.model.ModelFile;
import dev.residual.model.Software;
import dev.residual.pickle.PickleInput;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.zip.ZipFile;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Files of weights with something wrong in them. */
class DamagedWeightsTest {
    private static final List<String> FILES =
            List.of("plain-a.pth", "legacy.th", "checkpoint.pth", "checkpoint-legacy.pth", "protocol4.pth", "two.pth");

    private static final List<byte[]> WHOLE = new ArrayList<>();
    private static final List<byte[]> PICKLES = new ArrayList<>();
    private static byte[] model;
    private static Path folder;

    @BeforeContainer
    static void readFixtures() throws IOException {
        folder = Files.createTempDirectory("damaged");
        for (String name : FILES) {
            WHOLE.add(Files.readAllBytes(Fixtures.file(name)));
        }
        for (String name : List.of("plain-a.pth", "checkpoint.pth", "checkpoint-protocol4.pth", "two.pth")) {
            try (ZipFile zip = new ZipFile(Fixtures.file(name).toFile());
                    InputStream in = zip.getInputStream(zip.stream()
                            .filter(e -> e.getName().endsWith("data.pkl"))
                            .findFirst()
                            .orElseThrow())) {
                PICKLES.add(in.readAllBytes());
            }
        }
        Path file = folder.resolve("model.safetensors");
        Normalization none = new Normalization(Normalization.Kind.NONE, new float[3], new float[] {1, 1, 1});
        Importer.read(Fixtures.file("plain-a.pth"), Optional.empty(), Optional.empty())
                .model(List.of("a", "b", "c", "d", "e"), none, Software.now("none"))
                .save(file);
        model = Files.readAllBytes(file);
    }

    @AfterContainer
    static void delete() throws IOException {
        Directories.delete(folder);
    }

    private static Path write(String name, byte[] bytes) {
        try {
            return Files.write(folder.resolve(name), bytes);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] any(List<byte[]> of, Random random) {
        return of.get(random.nextInt(of.size()));
    }

    @Property(edgeCases = EdgeCasesMode.NONE, shrinking = ShrinkingMode.OFF)
    void pickles(@ForAll long seed) {
        Random random = new Random(seed);
        byte[] pickle = damaged(any(PICKLES, random), random);
        check(() -> StateDict.of(
                new PytorchPickle("file", 1 << 20).read(new PickleInput(pickle)), Optional.empty(), Path.of("file")));
    }

    /** Behind a good checksum, with storages that are there. */
    @Property(edgeCases = EdgeCasesMode.NONE, shrinking = ShrinkingMode.OFF)
    void picklesInArchives(@ForAll long seed) {
        Random random = new Random(seed);
        byte[] pickle = TorchBytes.stateDict("0", 6, 0, new long[] {2, 3}, new long[] {3, 1});
        Path file = write("pickle.pth", TorchBytes.zip(damaged(pickle, random), new byte[24]));
        check(() -> PytorchFile.read(file, Optional.empty()));
    }

    @Property(edgeCases = EdgeCasesMode.NONE, shrinking = ShrinkingMode.OFF)
    void files(@ForAll long seed) {
        Random random = new Random(seed);
        Path file = write("file.pth", damaged(any(WHOLE, random), random));
        check(() -> Importer.read(file, Optional.empty(), Optional.empty()));
    }

    @Property(edgeCases = EdgeCasesMode.NONE, shrinking = ShrinkingMode.OFF)
    void models(@ForAll long seed) {
        Random random = new Random(seed);
        // Most of the bytes are weights, and any weights are good: so half of the damage is in the header.
        byte[] start = random.nextBoolean() ? model : Arrays.copyOf(model, 6000);
        byte[] bytes = damaged(start, random);
        byte[] rest = Arrays.copyOfRange(model, start.length, model.length);
        byte[] all = Arrays.copyOf(bytes, bytes.length + rest.length);
        System.arraycopy(rest, 0, all, bytes.length, rest.length);
        Path file = write("damaged.safetensors", all);
        check(() -> ModelFile.read(file));
    }
}

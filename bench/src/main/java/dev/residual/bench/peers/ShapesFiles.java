package dev.residual.bench.peers;

import dev.residual.data.Dataset;
import dev.residual.data.Datasets;
import dev.residual.data.ImageSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The generated data set in the files of CIFAR-10's binary layout, for contestants that cannot generate it. */
final class ShapesFiles {
    private ShapesFiles() {}

    static void write(Path directory) throws IOException {
        Dataset shapes = Datasets.load(Datasets.SHAPES, Path.of(""), (done, total) -> {});
        Files.createDirectories(directory);
        Files.write(directory.resolve("data_batch_1.bin"), records(shapes.train()));
        Files.write(directory.resolve("test_batch.bin"), records(shapes.test()));
    }

    /** A label byte and then the pixels, channel by channel. */
    private static byte[] records(ImageSet set) {
        byte[] bytes = new byte[set.size() * (1 + ImageSet.BYTES)];
        int to = 0;
        for (int i = 0; i < set.size(); i++) {
            bytes[to++] = (byte) set.label(i);
            for (int c = 0; c < ImageSet.CHANNELS; c++) {
                for (int y = 0; y < ImageSet.SIZE; y++) {
                    for (int x = 0; x < ImageSet.SIZE; x++) {
                        bytes[to++] = (byte) set.at(i, y, x, c);
                    }
                }
            }
        }
        return bytes;
    }
}

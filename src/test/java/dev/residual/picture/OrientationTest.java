package dev.residual.picture;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OrientationTest {
    private static final int SIDE = 32;

    /** The square in the middle is the upright picture's, as if it was turned first. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void thePictureIsCutAsIfItWasTurnedFirst(int value) {
        Orientation orientation = new Orientation(value);
        for (BufferedImage upright : new BufferedImage[] {noise(SIDE + 1, SIDE), noise(SIDE, SIDE + 3)}) {
            byte[] pixels = Resize.to(SIDE, stored(upright, orientation), orientation);
            assertThat(orientation.upright(pixels, SIDE)).isEqualTo(Resize.to(SIDE, upright, Orientation.UPRIGHT));
        }
    }

    private static BufferedImage noise(int width, int height) {
        Random random = new Random(width);
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < width * height; i++) {
            image.setRGB(i % width, i / width, random.nextInt());
        }
        return image;
    }

    /** As a camera that was held so has it in its file. */
    private static BufferedImage stored(BufferedImage upright, Orientation orientation) {
        boolean turned = orientation.value() >= 5;
        int width = turned ? upright.getHeight() : upright.getWidth();
        int height = turned ? upright.getWidth() : upright.getHeight();
        BufferedImage stored = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < upright.getHeight(); y++) {
            for (int x = 0; x < upright.getWidth(); x++) {
                int row = turned ? x : y;
                int column = turned ? y : x;
                stored.setRGB(
                        orientation.columnsBackwards() ? width - 1 - column : column,
                        orientation.rowsBackwards() ? height - 1 - row : row,
                        upright.getRGB(x, y));
            }
        }
        return stored;
    }
}

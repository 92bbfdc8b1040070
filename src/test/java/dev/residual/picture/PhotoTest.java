package dev.residual.picture;

import static dev.residual.picture.Pictures.CMYK_JPEG;
import static dev.residual.picture.Pictures.allFormats;
import static dev.residual.picture.Pictures.assertFilled;
import static dev.residual.picture.Pictures.file;
import static dev.residual.picture.Pictures.filled;
import static dev.residual.picture.Pictures.png;
import static dev.residual.picture.Pictures.withExif;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.assertj.core.data.Offset;

/** What is made of image files, whole and odd. */
class PhotoTest {
    private static int[] pixel(Photo photo, int y, int x) {
        int i = (y * 32 + x) * 3;
        byte[] p = photo.pixels();
        return new int[] {p[i] & 0xff, p[i + 1] & 0xff, p[i + 2] & 0xff};
    }

    @Example
    void allFormatsAreReadWhateverTheirNames() throws IOException {
        for (Map.Entry<String, byte[]> format : allFormats().entrySet()) {
            Path file = Files.createTempFile("photo", ".png");
            try {
                Files.write(file, format.getValue());
                assertFilled(Photo.read(file, 32), format.getKey().matches("jpeg|webp") ? 6 : 0, 200, 30, 60);
            } finally {
                Files.delete(file);
            }
        }
    }

    @Example
    void anyShapeWillDo() {
        for (int[] size : new int[][] {{1, 1}, {1, 5000}, {5000, 1}, {31, 33}, {2, 3}}) {
            BufferedImage image = filled(size[0], size[1], BufferedImage.TYPE_INT_RGB, 0x0a141e);
            assertFilled(Photo.read(file(image, "png"), 32), 0, 10, 20, 30);
        }
    }

    @Example
    void theMiddleSquareIsTaken() {
        BufferedImage wide = filled(132, 32, BufferedImage.TYPE_INT_RGB, 0xff0000);
        wide.setRGB(50, 0, 0x0000ff);
        wide.setRGB(81, 31, 0x00ff00);
        Photo photo = Photo.of(wide, 32);
        assertThat(pixel(photo, 0, 0)).containsExactly(0, 0, 255);
        assertThat(pixel(photo, 31, 31)).containsExactly(0, 255, 0);
        assertThat(pixel(photo, 0, 31)).containsExactly(255, 0, 0);
    }

    /** Java's own conversion makes 188 of a grey 128. */
    @Example
    void greyStaysAsItIs() {
        BufferedImage grey = new BufferedImage(40, 40, BufferedImage.TYPE_BYTE_GRAY);
        BufferedImage deep = new BufferedImage(40, 40, BufferedImage.TYPE_USHORT_GRAY);
        for (int i = 0; i < 1600; i++) {
            grey.getRaster().setSample(i % 40, i / 40, 0, 128);
            deep.getRaster().setSample(i % 40, i / 40, 0, 128 * 257);
        }
        assertFilled(Photo.read(file(grey, "png"), 32), 0, 128, 128, 128);
        assertFilled(Photo.read(file(grey, "jpeg"), 32), 1, 128, 128, 128);
        assertFilled(Photo.read(file(deep, "png"), 32), 0, 128, 128, 128);
    }

    @Example
    void allDepthsAndKindsOfPixels() {
        int[] types = {
            BufferedImage.TYPE_INT_RGB, BufferedImage.TYPE_INT_BGR, BufferedImage.TYPE_3BYTE_BGR,
            BufferedImage.TYPE_INT_ARGB, BufferedImage.TYPE_4BYTE_ABGR, BufferedImage.TYPE_INT_ARGB_PRE
        };
        for (int type : types) {
            assertFilled(Photo.of(filled(40, 40, type, 0xffc81e3c), 32), 0, 200, 30, 60);
        }
        assertFilled(Photo.of(filled(40, 40, BufferedImage.TYPE_USHORT_565_RGB, 0xffff0000), 32), 0, 255, 0, 0);
        byte[] levels = {0, 100, (byte) 200};
        IndexColorModel palette = new IndexColorModel(2, 3, levels, new byte[3], levels);
        BufferedImage indexed = new BufferedImage(40, 40, BufferedImage.TYPE_BYTE_BINARY, palette);
        for (int i = 0; i < 1600; i++) {
            indexed.getRaster().setSample(i % 40, i / 40, 0, 2);
        }
        assertFilled(Photo.read(file(indexed, "png"), 32), 0, 200, 0, 200);
        assertFilled(Photo.read(png(1, 1, 16, 2, 0xc8, 0xc8, 0x1e, 0x1e, 0x3c, 0x3c), 32), 0, 200, 30, 60);
        assertFilled(Photo.read(CMYK_JPEG, 32), 4, 235, 50, 143);
    }

    @Example
    void transparencyLiesOverWhite() {
        BufferedImage half = filled(40, 40, BufferedImage.TYPE_INT_ARGB, 0x80000000);
        assertFilled(Photo.read(file(half, "png"), 32), 1, 127, 127, 127);
        BufferedImage premultiplied = filled(40, 40, BufferedImage.TYPE_INT_ARGB_PRE, 0x80000000);
        assertFilled(Photo.of(premultiplied, 32), 1, 127, 127, 127);
        assertFilled(Photo.read(file(filled(40, 40, BufferedImage.TYPE_INT_ARGB, 0), "png"), 32), 0, 255, 255, 255);
        assertFilled(Photo.read(png(1, 1, 8, 4, 0, 0x80), 32), 1, 127, 127, 127); // grey with alpha
    }

    /** Against the integral over each new pixel's area, written out in two dimensions. */
    @Property(tries = 60)
    void shrinkingAveragesOverTheArea(
            @ForAll @IntRange(min = 32, max = 150) int width,
            @ForAll @IntRange(min = 32, max = 150) int height,
            @ForAll @DoubleRange(max = 1) double grain) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double wave = Math.sin(x * grain * 3) * Math.cos(y * grain) + 1;
                image.setRGB(x, y, new Color((int) (127 * wave), (x * 7 + y * 3) % 256, (x * y) % 256).getRGB());
            }
        }
        int side = Math.min(width, height);
        int left = (width - side) / 2;
        int top = (height - side) / 2;
        double step = side / 32.0;
        byte[] pixels = Photo.of(image, 32).pixels();
        for (int i = 0; i < pixels.length; i++) {
            double y0 = i / 96 * step;
            double x0 = i / 3 % 32 * step;
            double sum = 0;
            for (int y = (int) y0; y < Math.min(side, y0 + step); y++) {
                for (int x = (int) x0; x < Math.min(side, x0 + step); x++) {
                    double area = overlap(y, y0, y0 + step) * overlap(x, x0, x0 + step);
                    sum += area * (image.getRGB(left + x, top + y) >> 16 - i % 3 * 8 & 0xff);
                }
            }
            assertThat(Math.abs((pixels[i] & 0xff) - sum / (step * step))).isLessThan(0.5 + 1e-6);
        }
    }

    /** How much of the pixel from {@code i} to {@code i + 1} lies between two borders. */
    private static double overlap(int i, double from, double to) {
        return Math.max(0, Math.min(i + 1, to) - Math.max(i, from));
    }

    /** A linear ramp grows into a linear ramp, level at its ends. */
    @Property(tries = 20)
    void growingInterpolates(@ForAll @IntRange(min = 2, max = 31) int side) {
        BufferedImage ramp = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < side * side; i++) {
            ramp.setRGB(i % side, i / side, 8 * (i % side) << 16 | 8 * (i / side));
        }
        Photo photo = Photo.of(ramp, 32);
        for (int i = 0; i < 1024; i++) {
            assertThat((double) pixel(photo, i / 32, i % 32)[0]).isCloseTo(ramp(i % 32, side), withinHalf());
            assertThat((double) pixel(photo, i / 32, i % 32)[2]).isCloseTo(ramp(i / 32, side), withinHalf());
        }
    }

    private static double ramp(int i, int side) {
        return 8 * Math.max(0, Math.min(side - 1, (i + 0.5) * side / 32 - 0.5));
    }

    private static Offset<Double> withinHalf() {
        return within(0.5 + 1e-9);
    }

    /** Four coloured corners, red where the top left is to be, as a camera that was turned would write them. */
    @Example
    void theCamerasOrientationIsFollowed() {
        Color[][] upright = {{Color.RED, Color.GREEN}, {Color.BLUE, Color.WHITE}};
        // For each orientation, the file's corners: top left, top right, bottom left, bottom right.
        String[] corners = {"RGBW", "GRWB", "WBGR", "BWRG", "RBGW", "GWRB", "WGBR", "BRWG"};
        for (int orientation = 1; orientation <= 8; orientation++) {
            BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
            for (int i = 0; i < 4096; i++) {
                int corner = i / 64 / 32 * 2 + i % 64 / 32;
                int which = "RGBW".indexOf(corners[orientation - 1].charAt(corner));
                image.setRGB(i % 64, i / 64, upright[which / 2][which % 2].getRGB());
            }
            for (boolean little : new boolean[] {false, true}) {
                Photo photo = Photo.read(withExif(file(image, "jpeg"), orientation, little), 32);
                for (int i = 0; i < 4; i++) {
                    Color expected = upright[i / 2][i % 2];
                    int[] actual = pixel(photo, i / 2 * 16 + 8, i % 2 * 16 + 8);
                    assertThat(Math.abs(actual[0] - expected.getRed())
                                    + Math.abs(actual[1] - expected.getGreen())
                                    + Math.abs(actual[2] - expected.getBlue()))
                            .as("orientation " + orientation + ", corner " + i + ": " + Arrays.toString(actual))
                            .isLessThan(60);
                }
            }
        }
    }
}

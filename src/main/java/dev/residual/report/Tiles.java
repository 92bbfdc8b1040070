package dev.residual.report;

import dev.residual.data.ImageSet;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import javax.imageio.ImageIO;

/** Small pictures as {@code data:} addresses of PNGs, one pixel a value; the page enlarges them. */
final class Tiles {
    private Tiles() {}

    static String image(ImageSet set, int number) {
        BufferedImage image = new BufferedImage(set.side(), set.side(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < set.side(); y++) {
            for (int x = 0; x < set.side(); x++) {
                image.setRGB(x, y, rgb(set.at(number, y, x, 0), set.at(number, y, x, 1), set.at(number, y, x, 2)));
            }
        }
        return uri(image);
    }

    /**
     * One filter over three channels as red, green and blue: grey is weight 0, and {@code scale} is the magnitude that
     * reaches 0 or 255.
     */
    static String filter(Filters filters, int number, float scale) {
        BufferedImage image = new BufferedImage(filters.width(), filters.height(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < filters.height(); y++) {
            for (int x = 0; x < filters.width(); x++) {
                image.setRGB(
                        x,
                        y,
                        rgb(
                                level(filters.at(number, 0, y, x), scale),
                                level(filters.at(number, 1, y, x), scale),
                                level(filters.at(number, 2, y, x), scale)));
            }
        }
        return uri(image);
    }

    /** 0-255; 128 for a weight of 0. A weight that is not a number counts as 0. */
    static int level(float weight, float scale) {
        float level = 127.5f * (1 + weight / scale);
        return Float.isNaN(level) ? 128 : Math.round(Math.max(0, Math.min(255, level)));
    }

    private static int rgb(int red, int green, int blue) {
        return red << 16 | green << 8 | blue;
    }

    private static String uri(BufferedImage image) {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", png);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(png.toByteArray());
    }
}

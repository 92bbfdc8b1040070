package dev.residual.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.data.ImageSet;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Base64;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class TilesTest {
    @Test
    void anImageIsItsPixels() throws IOException {
        ImageSet set = Samples.images(2);
        BufferedImage tile = decode(Tiles.image(set, 1));

        assertThat(tile.getWidth()).isEqualTo(32);
        assertThat(tile.getHeight()).isEqualTo(32);
        for (int y = 0; y < 32; y++) {
            for (int x = 0; x < 32; x++) {
                int rgb = set.at(1, y, x, 0) << 16 | set.at(1, y, x, 1) << 8 | set.at(1, y, x, 2);
                assertThat(tile.getRGB(x, y) & 0xFFFFFF).isEqualTo(rgb);
            }
        }
    }

    @Test
    void aFilterIsGreyAtZeroAndFullAtTheLargestWeight() throws IOException {
        // Two filters of 3 channels of 1×2.
        float[] weights = {0, 0, 0, 0, 0, 0, 0.5f, -0.5f, 0, 0.25f, -0.5f, 0.5f};
        Filters filters = new Filters(weights, 2, 3, 1, 2);
        BufferedImage tile = decode(Tiles.filter(filters, 1, filters.largest()));

        assertThat(filters.largest()).isEqualTo(0.5f);
        assertThat(tile.getRGB(0, 0) & 0xFFFFFF).isEqualTo(0xFF8000);
        assertThat(tile.getRGB(1, 0) & 0xFFFFFF).isEqualTo(0x00BFFF);
        assertThat(decode(Tiles.filter(filters, 0, filters.largest())).getRGB(0, 0) & 0xFFFFFF)
                .isEqualTo(0x808080);
    }

    @Test
    void weightsOfZeroOrNoNumberAreGrey() {
        assertThat(Tiles.level(0, 0)).isEqualTo(128);
        assertThat(Tiles.level(Float.NaN, 1)).isEqualTo(128);
        assertThat(Tiles.level(2, 1)).isEqualTo(255);
    }

    private static BufferedImage decode(String uri) throws IOException {
        String prefix = "data:image/png;base64,";
        assertThat(uri).startsWith(prefix);
        byte[] png = Base64.getDecoder().decode(uri.substring(prefix.length()));
        return ImageIO.read(new ByteArrayInputStream(png));
    }
}

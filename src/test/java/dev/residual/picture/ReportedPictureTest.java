package dev.residual.picture;

import static dev.residual.picture.Pictures.assertFilled;
import static dev.residual.picture.Pictures.file;
import static dev.residual.picture.Pictures.noise;
import static dev.residual.picture.Pictures.resource;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.ResidualException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One example of each kind of fault that people reported. */
class ReportedPictureTest {
    private static byte[] reported(String name) {
        return resource("reported/" + name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jpeg-plain.jpg",
                "jpeg-ICC-with-red-and-blue-swapped.jpg",
                "png-same-ICC.png",
                "webp-lossless-same-ICC.webp",
                "colour-jpeg-grey-ICC.jpg",
                "progressive-512x512.jpg"
            })
    void profilesAreNotApplied(String name) {
        assertFilled(Photo.read(reported(name), 32), 2, 200, 30, 60);
    }

    @Test
    void anOrientationOfTypeLongIsFollowed() {
        byte[] upright = Photo.read(reported("jpeg-upper-half-white.jpg"), 32).pixels();
        byte[] turned = Photo.read(reported("jpeg-same-EXIF-orientation-3-as-LONG-big-endian.jpg"), 32)
                .pixels();
        assertThat(upright[0]).isEqualTo((byte) 255);
        for (int i = 0; i < upright.length; i += 3) {
            assertThat(turned[i]).isEqualTo(upright[upright.length - 3 - i]);
        }
    }

    @Test
    void aSmallFrameDoesNotFillItsScreen() {
        byte[] pixels = Photo.read(reported("gif-screen-60x60-frame-20x20-at-20-20.gif"), 32)
                .pixels();
        for (int i = 0; i < 1024; i++) {
            int fromMiddle = Math.max(Math.abs(2 * (i % 32) - 31), Math.abs(2 * (i / 32) - 31));
            if (fromMiddle < 10 || fromMiddle > 12) { // but for the edge
                byte[] expected = fromMiddle < 10 ? new byte[] {(byte) 200, 30, 60} : new byte[] {-1, -1, -1};
                assertThat(Arrays.copyOfRange(pixels, 3 * i, 3 * i + 3))
                        .as("pixel " + i)
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void uncompressedAlphaIsRead() {
        assertFilled(Photo.read(reported("webp-lossy-uncompressed-ALPH-all-0.webp"), 32), 0, 255, 255, 255);
    }

    @ParameterizedTest
    @CsvSource({
        "progressive-512x512-last-scan-200-times-more.jpg, 65 scans or more",
        "png-9000x9000-by-itself.png, 9000×9000 pixels are more than",
        "bmp-32x32-with-that-png-inside.bmp, with compression 5",
        "bmp-BI-PNG-imageSize-2-31-1.bmp, with compression 5"
    })
    void bombsAreRefused(String name, String sentence) {
        assertThatThrownBy(() -> Photo.read(reported(name), 32))
                .isInstanceOf(ResidualException.class)
                .hasMessageStartingWith("the image: cannot be decoded: ")
                .hasMessageContaining(sentence);
    }

    /** The library utters but one warning, which hid the other. */
    @Test
    void bytesThatAreAstrayDoNotHideThatTheRestIsMissing() {
        byte[] plain = file(noise(200, 200), "jpeg");
        int tables = 0;
        while (plain[tables] != (byte) 0xff || plain[tables + 1] != (byte) 0xc4) {
            tables++;
        }
        byte[] whole = ByteBuffer.allocate(plain.length + 3)
                .put(plain, 0, tables)
                .put(new byte[] {1, 2, 3})
                .put(plain, tables, plain.length - tables)
                .array();
        assertThat(Photo.read(whole, 32).pixels())
                .isEqualTo(Photo.read(plain, 32).pixels());
        byte[] cut = Arrays.copyOf(whole, whole.length * 6 / 10);
        assertThatThrownBy(() -> Photo.read(cut, 32)).hasMessageContaining("it ends too early");
        // The same with the marker of the end.
        cut[cut.length - 2] = (byte) 0xff;
        cut[cut.length - 1] = (byte) 0xd9;
        assertThatThrownBy(() -> Photo.read(cut, 32)).hasMessageContaining("premature end");
    }
}

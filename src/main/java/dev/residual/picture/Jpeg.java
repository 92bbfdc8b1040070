package dev.residual.picture;

import dev.residual.picture.Decoder.Decoded;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * JPEG. Its segments are read here, and Java's libjpeg gets only those that make pixels: so no colour profile is applied,
 * colours are converted as libjpeg-turbo does it (and so Pillow and browsers), what is cut short is known, and the work is
 * too before it is begun.
 */
final class Jpeg {
    private static final int SOI = 0xd8; // start of image
    private static final int EOI = 0xd9; // end of image
    private static final int SOF0 = 0xc0; // start of frame, the picture's size: 0xc0 to 0xcf, but for the next three
    private static final int SOF15 = 0xcf;
    private static final int DHT = 0xc4;
    private static final int JPG = 0xc8;
    private static final int DAC = 0xcc;
    private static final int SOS = 0xda; // start of scan
    private static final int RST0 = 0xd0; // restart
    private static final int RST7 = 0xd7;
    private static final int TEM = 0x01;
    private static final int APP0 = 0xe0;
    private static final int APP1 = 0xe1;
    private static final int APP14 = 0xee;
    private static final int APP15 = 0xef;
    private static final int COM = 0xfe;

    /** Each scan goes over all pixels. libjpeg writes a progressive file in 10, and in 18 where there are four channels. */
    private static final int MAX_SCANS = 64;

    private static final long MAX_PIXELS_IN_SCANS = 20 * Decoder.MAX_PIXELS;

    /** The only warning that is harmless, and that cannot hide another: libjpeg utters but the first. */
    private static final String PADDING_BEHIND_THE_LAST_SCAN = ".* extraneous bytes before marker 0xd9";

    private final ByteBuffer in;
    private final ByteArrayOutputStream picked = new ByteArrayOutputStream();
    private Orientation orientation = Orientation.UPRIGHT;
    private boolean jfif;
    private boolean exif;
    private int adobeTransform = -1;
    private long pixels;
    private String components = "";
    private int scans;

    private Jpeg(byte[] file) {
        in = ByteBuffer.wrap(file);
    }

    static Decoded decode(byte[] file) throws IOException {
        Jpeg jpeg = new Jpeg(file);
        jpeg.readSegments();
        return new Decoded(jpeg.image(), jpeg.orientation);
    }

    private void readSegments() throws IOException {
        int marker;
        do {
            marker = nextMarker();
            if (marker == SOI || marker == EOI) {
                pick(marker);
            } else if (marker >= APP0 && marker <= APP15 || marker == COM) {
                note(marker, segment());
            } else if (!isRestart(marker) && marker != TEM) { // those have no segment, and mean nothing here
                ByteBuffer segment = segment();
                if (marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC) {
                    readFrame(segment.duplicate());
                }
                pick(marker);
                pick(segment.position() - 2, segment.limit());
                if (marker == SOS) {
                    pickScan();
                }
            }
        } while (marker != EOI);
    }

    /** Bytes that are astray between segments are passed over, and so are those that fill. */
    private int nextMarker() {
        int marker;
        do {
            while (in.get() != (byte) 0xff) {}
            do {
                marker = in.get() & 0xff;
            } while (marker == 0xff);
        } while (marker == 0);
        return marker;
    }

    /** What follows a marker: two bytes of length, which count themselves, and what is returned. */
    private ByteBuffer segment() throws IOException {
        int length = (in.getShort() & 0xffff) - 2;
        if (length < 0) {
            throw new IOException("the segment at byte " + (in.position() - 4) + " has no length");
        }
        if (length > in.remaining()) {
            throw new BufferUnderflowException();
        }
        ByteBuffer segment = in.duplicate().limit(in.position() + length);
        in.position(segment.limit());
        return segment;
    }

    private void note(int marker, ByteBuffer segment) {
        int start = segment.position();
        if (marker == APP0 && segment.remaining() >= 14 && Decoder.startsWith(segment, "JFIF\0")) {
            jfif = true;
        } else if (marker == APP14 && segment.remaining() >= 12 && Decoder.startsWith(segment, "Adobe")) {
            adobeTransform = segment.get(start + 11) & 0xff;
        } else if (marker == APP1 && !exif && Decoder.startsWith(segment, Orientation.EXIF)) {
            exif = true;
            orientation = Orientation.ofExif(segment);
        }
    }

    private void readFrame(ByteBuffer frame) throws IOException {
        if (pixels > 0) {
            throw new IOException("it has two frames");
        }
        frame.get(); // bits of a sample: libjpeg refuses all but 8
        int height = frame.getShort() & 0xffff;
        int width = frame.getShort() & 0xffff;
        Decoder.checkSize(width, height);
        pixels = (long) width * height;
        byte[] ids = new byte[frame.get() & 0xff];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = frame.get();
            frame.getShort(); // sampling factors and a table
        }
        components = new String(ids, StandardCharsets.ISO_8859_1);
    }

    /** The entropy-coded data of a scan: up to the next marker. */
    private void pickScan() throws IOException {
        scans++;
        if (scans > MAX_SCANS || scans * pixels > MAX_PIXELS_IN_SCANS) {
            throw new IOException(scans + " scans or more over " + pixels + " pixels take too long");
        }
        byte[] file = in.array();
        int end = in.position();
        while (end + 1 < file.length && (file[end] != (byte) 0xff || isData(file[end + 1] & 0xff))) {
            end++;
        }
        pick(in.position(), end);
        in.position(end);
    }

    private static boolean isData(int behindFf) {
        return behindFf == 0 || behindFf == 0xff || isRestart(behindFf);
    }

    private static boolean isRestart(int marker) {
        return marker >= RST0 && marker <= RST7;
    }

    private void pick(int marker) {
        picked.write(0xff);
        picked.write(marker);
    }

    private void pick(int from, int to) {
        picked.write(in.array(), from, to - from);
    }

    private BufferedImage image() throws IOException {
        int channels = components.length();
        if (channels != 1 && channels != 3 && channels != 4) {
            throw new IOException(channels + " channels, expected 1, 3 or 4");
        }
        Raster decoded = Library.JPEG.read(
                picked.toByteArray(), PADDING_BEHIND_THE_LAST_SCAN, reader -> reader.readRaster(0, null));
        DataBufferByte data = (DataBufferByte) decoded.getDataBuffer();
        toRgb(data.getData(), channels);
        ColorSpace space = ColorSpace.getInstance(channels == 1 ? ColorSpace.CS_GRAY : ColorSpace.CS_sRGB);
        ColorModel colors = new ComponentColorModel(space, false, false, Transparency.OPAQUE, DataBuffer.TYPE_BYTE);
        int[] bands = channels == 1 ? new int[] {0} : new int[] {0, 1, 2};
        WritableRaster raster = Raster.createInterleavedRaster(
                data, decoded.getWidth(), decoded.getHeight(), decoded.getWidth() * channels, channels, bands, null);
        return new BufferedImage(colors, raster, false, null);
    }

    private void toRgb(byte[] samples, int channels) {
        boolean luma = channels == 3 ? isLuma() : channels == 4 && adobeTransform > 0;
        for (int i = 0; i < samples.length && (luma || channels == 4); i += channels) {
            if (luma) {
                fromLuma(samples, i);
            }
            if (channels == 4) { // ink is stored as its absence, as Adobe's programs do, but for that under luma
                int black = samples[i + 3] & 0xff;
                for (int c = i; c < i + 3; c++) {
                    int light = luma ? 255 - (samples[c] & 0xff) : samples[c] & 0xff;
                    samples[c] = (byte) ((light * black + 127) / 255);
                }
            }
        }
    }

    /** Whether three channels are luma and two of chroma, and not RGB; this order is libjpeg's. */
    private boolean isLuma() {
        return jfif || (adobeTransform >= 0 ? adobeTransform > 0 : !components.equals("RGB"));
    }

    /** JFIF's equations, in units of 2^-16. */
    private static void fromLuma(byte[] samples, int i) {
        int y = samples[i] & 0xff;
        int cb = (samples[i + 1] & 0xff) - 128;
        int cr = (samples[i + 2] & 0xff) - 128;
        samples[i] = clamped(y + (91_881 * cr + 32_768 >> 16));
        samples[i + 1] = clamped(y - (22_554 * cb + 46_802 * cr + 32_767 >> 16));
        samples[i + 2] = clamped(y + (116_130 * cb + 32_768 >> 16));
    }

    private static byte clamped(int value) {
        return (byte) Math.max(0, Math.min(255, value));
    }
}

package dev.residual.data;

import static dev.residual.picture.Pictures.CMYK_JPEG;
import static dev.residual.picture.Pictures.WEBP;
import static dev.residual.picture.Pictures.file;
import static dev.residual.picture.Pictures.filled;
import static dev.residual.picture.Pictures.noise;
import static dev.residual.picture.Pictures.png;
import static dev.residual.picture.Pictures.withExif;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Folders of pictures for tests. */
public final class PictureFolders {
    /** Of the pictures of {@link #people}, in either part. */
    public static final int BROKEN = 2;

    private PictureFolders() {}

    /** Writes a file whose name the locale need not know, in folders that are made. */
    public static Path write(Path root, String name, byte[] bytes) throws IOException {
        try {
            Files.createDirectories(root);
            String path = root.toUri().getPath() + name;
            Path file = Path.of(URI.create(new URI("file", null, path, null).toASCIIString()));
            Files.createDirectories(file.getParent());
            return Files.write(file, bytes);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** A picture of one colour, or nearly. */
    public static byte[] picture(int rgb, int number) {
        BufferedImage image = filled(40 + number % 5, 36 + number % 7, BufferedImage.TYPE_INT_RGB, rgb);
        image.setRGB(number % 36, number % 30, 0x808080);
        return file(image, "png");
    }

    /** What people have: files of all kinds, by name. */
    public static Map<String, byte[]> kinds(int rgb) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("photo.JPG", file(filled(70, 50, BufferedImage.TYPE_INT_RGB, rgb), "jpeg"));
        files.put("16 bit.png", png(1, 1, 16, 2, rgb >> 16 & 255, 1, rgb >> 8 & 255, 2, rgb & 255, 3));
        files.put("palette.png", file(filled(40, 40, BufferedImage.TYPE_BYTE_INDEXED, rgb | 0xff000000), "png"));
        files.put("grey.png", file(filled(40, 40, BufferedImage.TYPE_BYTE_GRAY, rgb), "png"));
        files.put("alpha.png", file(filled(40, 40, BufferedImage.TYPE_INT_ARGB, rgb | 0xc0000000), "png"));
        files.put("cmyk.jpeg", CMYK_JPEG);
        files.put("rotated.jpg", withExif(file(noise(60, 40), "jpeg"), 6, true));
        files.put("a picture of 猫.gif", file(filled(40, 40, BufferedImage.TYPE_INT_RGB, rgb), "gif"));
        files.put("deeper/still/one.bmp", file(filled(40, 40, BufferedImage.TYPE_INT_RGB, rgb), "bmp"));
        files.put("web.webp", WEBP);
        return files;
    }

    /** Two classes, in train/ and in test/, with files of all kinds, and with what is no picture. */
    public static Path people(Path root) throws IOException {
        for (String part : new String[] {"train/", "test/"}) {
            write(root, part + "猫/broken.png", java.util.Arrays.copyOf(picture(0xff0000, 1), 90));
            write(root, part + "my dogs/text.jpg", "not a picture".getBytes());
            write(root, part + "my dogs/._x.jpg", new byte[] {0, 5, 0x16, 7});
            write(root, part + "my dogs/notes.txt", "nor this".getBytes());
            write(root, part + ".hidden/x.png", picture(0, 1));
            for (Map.Entry<String, byte[]> file : kinds(0xd02010).entrySet()) {
                write(root, part + "猫/" + file.getKey(), file.getValue());
            }
            for (Map.Entry<String, byte[]> file : kinds(0x1030c0).entrySet()) {
                write(root, part + "my dogs/" + file.getKey(), file.getValue());
            }
        }
        return root;
    }
}

package dev.residual.report;

import de.erichseifert.vectorgraphics2d.VectorGraphics2D;
import de.erichseifert.vectorgraphics2d.svg.SVGProcessor;
import de.erichseifert.vectorgraphics2d.util.PageSize;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;

/** A picture that is drawn once and written as PNG or SVG. */
public interface Chart {
    int width();

    int height();

    void paint(Graphics2D g);

    /** Of twice the size, for dense screens. */
    default void writePng(OutputStream out) throws IOException {
        BufferedImage image = new BufferedImage(2 * width(), 2 * height(), BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        g.scale(2, 2);
        paint(g);
        g.dispose();
        ImageIO.write(image, "png", out);
    }

    /** Text is drawn as outlines, so that it looks the same everywhere. */
    default void writeSvg(OutputStream out) throws IOException {
        VectorGraphics2D g = new VectorGraphics2D();
        paint(g);
        new SVGProcessor()
                .getDocument(g.getCommands(), new PageSize(width(), height()))
                .writeTo(out);
    }

    default byte[] svg() {
        ByteArrayOutputStream svg = new ByteArrayOutputStream();
        try {
            writeSvg(svg);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return svg.toByteArray();
    }
}

package dev.residual.data;

import static dev.residual.data.Figure.uniform;

import java.util.Arrays;
import java.util.Random;

/**
 * One image of {@link Shapes} while it is painted, back to front: background, clutter, the object, a bar across it;
 * then light, blur and noise. Every draw comes from one {@link Random}, and every operation is exact IEEE arithmetic
 * or {@link StrictMath}, so that the bytes are the same on every machine.
 */
final class Scene {
    private static final int SIZE = ImageSet.SIZE;
    private static final int CHANNELS = ImageSet.CHANNELS;

    private final Random random;

    /**
     * How hard this image is, 0-1: everything that hides the shape grows with it. At 0 a bright shape stands upright on
     * a dark plain background. Without easy images a network stays at chance for hundreds of steps; the hard ones are
     * there to leave something to learn.
     */
    private final double hardship;

    /** H×W×C, about 0-1. */
    private final double[] canvas = new double[ImageSet.BYTES];

    private Scene(Random random) {
        this.random = random;
        hardship = random.nextDouble();
    }

    /** Writes an image of {@code shape} into {@code pixels}, from {@code offset} on. */
    static void paint(Figure shape, Random random, byte[] pixels, int offset) {
        Scene scene = new Scene(random);
        scene.compose(shape);
        scene.light();
        scene.blur();
        scene.develop(pixels, offset);
    }

    private void compose(Figure shape) {
        double[] background = toward(0);
        cover(textured(background));
        for (int n = random.nextInt(2 + (int) (4 * hardship)); n > 0; n--) {
            fill(clutter(), textured(colour()));
        }
        double stray = 4 + 4 * hardship;
        double x = SIZE / 2.0 + stray * uniform(random, -1, 1);
        double y = SIZE / 2.0 + stray * uniform(random, -1, 1);
        object(shape, x, y, background);
        if (random.nextDouble() < 0.5 * hardship) {
            fill(bar(x + uniform(random, -4, 4), y + uniform(random, -4, 4), 2 * SIZE), textured(colour()));
        }
    }

    private void object(Figure shape, double x, double y, double[] background) {
        double size = uniform(random, 8, 13);
        double aspect = uniform(random, 0.8, 1.25);
        double mirror = random.nextBoolean() ? 1 : -1;
        double tilt = (0.2 + 0.8 * hardship) * uniform(random, -1, 1);
        Polygon outline = shape.outline(random).placed(mirror * size, aspect * size, tilt, x, y);
        Paint paint = textured(contrasting(background));
        // A third is an outline only, a third is filled, a third is filled and has a rim of another colour.
        int style = random.nextInt(3);
        if (style > 0) {
            fill(outline, paint);
        }
        if (style < 2) {
            Paint rim = style == 0 ? paint : textured(contrasting(background));
            rim(outline, rim, uniform(random, 1.5, 3.5));
        }
    }

    /** A small irregular blob or a short bar. */
    private Polygon clutter() {
        double x = uniform(random, 0, SIZE);
        double y = uniform(random, 0, SIZE);
        if (random.nextBoolean()) {
            return bar(x, y, uniform(random, 3, 16));
        }
        double size = uniform(random, 2, 5);
        return Polygon.polar(6, t -> uniform(random, 0.3, 1)).placed(size, size, 0, x, y);
    }

    private Polygon bar(double x, double y, double halfLength) {
        return Polygon.of(-1, -1, 1, -1, 1, 1, -1, 1).placed(halfLength, uniform(random, 0.6, 1.6), angle(), x, y);
    }

    private double angle() {
        return 2 * Math.PI * random.nextDouble();
    }

    private double[] colour() {
        return new double[] {random.nextDouble(), random.nextDouble(), random.nextDouble()};
    }

    /** A colour near to black (0) or to white (1) in an easy image, any colour in a hard one. */
    private double[] toward(double white) {
        double[] colour = colour();
        double share = 0.35 + 0.65 * hardship;
        for (int c = 0; c < CHANNELS; c++) {
            colour[c] = white + share * (colour[c] - white);
        }
        return colour;
    }

    private Paint textured(double[] colour) {
        return Paint.draw(random, colour, 0.4 * hardship);
    }

    /** A colour that is far enough from the background's, by the Euclidean distance in the unit cube of RGB. */
    private double[] contrasting(double[] background) {
        double contrast = 0.8 - 0.5 * hardship;
        double[] colour = toward(1);
        while (squaredDistance(colour, background) < contrast * contrast) {
            colour = toward(1);
        }
        return colour;
    }

    private static double squaredDistance(double[] a, double[] b) {
        double sum = 0;
        for (int c = 0; c < CHANNELS; c++) {
            sum += (a[c] - b[c]) * (a[c] - b[c]);
        }
        return sum;
    }

    private void cover(Paint paint) {
        for (int y = 0; y < SIZE; y++) {
            for (int x = 0; x < SIZE; x++) {
                blend(x, y, paint, 1);
            }
        }
    }

    private void fill(Polygon outline, Paint paint) {
        rim(outline, paint, SIZE);
    }

    /** Paints what lies inside of the outline and within {@code width} pixels of it, with edges one pixel soft. */
    private void rim(Polygon outline, Paint paint, double width) {
        int bottom = end(outline.y());
        int right = end(outline.x());
        for (int y = start(outline.y()); y < bottom; y++) {
            for (int x = start(outline.x()); x < right; x++) {
                double depth = -outline.distance(x + 0.5, y + 0.5);
                double share = Math.min(1, Math.min(depth, width - depth) + 0.5);
                if (share > 0) {
                    blend(x, y, paint, share);
                }
            }
        }
    }

    /** The first row or column that a polygon with these coordinates can touch. */
    private static int start(double[] corners) {
        return Math.max(0, (int) Math.floor(Arrays.stream(corners).min().getAsDouble()) - 1);
    }

    /** The row or column after the last that it can touch. */
    private static int end(double[] corners) {
        return Math.min(SIZE, (int) Math.ceil(Arrays.stream(corners).max().getAsDouble()) + 1);
    }

    private void blend(int x, int y, Paint paint, double share) {
        int pixel = (y * SIZE + x) * CHANNELS;
        double mix = paint.mix().applyAsDouble(x, y);
        for (int c = 0; c < CHANNELS; c++) {
            double colour = paint.first()[c] + mix * (paint.second()[c] - paint.first()[c]);
            canvas[pixel + c] += share * (colour - canvas[pixel + c]);
        }
    }

    /** Light that falls off to one side. */
    private void light() {
        double angle = angle();
        double strength = 0.5 * hardship * random.nextDouble();
        double right = strength * StrictMath.cos(angle) / SIZE;
        double down = strength * StrictMath.sin(angle) / SIZE;
        double centre = SIZE / 2.0;
        for (int i = 0; i < canvas.length; i++) {
            int pixel = i / CHANNELS;
            canvas[i] *= 1 + right * (pixel % SIZE - centre) + down * (pixel / SIZE - centre);
        }
    }

    /** A 3×3 box that leaves each pixel a random share of itself. The outermost pixels stay as they are. */
    private void blur() {
        double spread = 0.08 * hardship * random.nextDouble();
        double[] sharp = canvas.clone();
        int row = SIZE * CHANNELS;
        for (int y = 1; y < SIZE - 1; y++) {
            for (int i = y * row + CHANNELS; i < (y + 1) * row - CHANNELS; i++) {
                double sum = 0;
                for (int j = i - row; j <= i + row; j += row) {
                    sum += sharp[j - CHANNELS] + sharp[j] + sharp[j + CHANNELS];
                }
                canvas[i] = sharp[i] + spread * (sum - 9 * sharp[i]);
            }
        }
    }

    /** Adds noise, evenly distributed, and rounds to bytes. */
    private void develop(byte[] pixels, int offset) {
        byte[] noise = new byte[canvas.length];
        random.nextBytes(noise);
        double strength = 0.15 * hardship * random.nextDouble() / 128;
        for (int i = 0; i < canvas.length; i++) {
            double value = 255 * (canvas[i] + strength * noise[i]);
            pixels[offset + i] = (byte) Math.max(0, Math.min(255, value + 0.5));
        }
    }
}

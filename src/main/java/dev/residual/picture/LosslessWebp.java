package dev.residual.picture;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Lossless WebP (RFC 9649), which lossy WebP uses too for what is transparent. The library's own decoder takes
 * any number of transforms, so that a small file may keep it busy for hours, and takes the end for zeros.
 */
final class LosslessWebp {
    private static final int GREENS = 256;
    private static final int LENGTHS = 24;
    private static final int DISTANCES = 40;
    private static final int NO_CACHE = -1;
    private static final int MAX_CACHE_BITS = 11;
    private static final int HASH = 0x1e35a7bd;

    /** The distances that have codes of their own, to pixels near by: columns to the left, rows up. */
    private static final List<int[]> NEAR = IntStream.range(0, 8 * 16)
            .mapToObj(i -> new int[] {i % 16 - 7, i / 16})
            .filter(d -> d[1] > 0 || d[0] > 0)
            .sorted(Comparator.<int[]>comparingInt(d -> d[0] * d[0] + d[1] * d[1])
                    .thenComparingInt(d -> Math.abs(d[0]))
                    .thenComparingInt(d -> -d[0]))
            .toList();

    private final Bits bits;

    private LosslessWebp(ByteBuffer in) {
        bits = new Bits(in);
    }

    /**
     * @param in what follows the sizes
     * @return pixels with alpha, row by row
     */
    static int[] decode(ByteBuffer in, int width, int height) throws IOException {
        return new LosslessWebp(in).image(width, height);
    }

    private int[] image(int width, int height) throws IOException {
        Deque<WebpTransform> transforms = new ArrayDeque<>();
        Set<Integer> seen = new HashSet<>();
        int codedWidth = width; // less where several pixels share one
        while (bits.read(1) == 1) {
            int type = bits.read(2);
            if (!seen.add(type)) {
                throw new IOException("it is transformed twice in the same way");
            }
            WebpTransform transform = transform(type, codedWidth, height);
            transforms.push(transform);
            codedWidth = transform.codedWidth();
        }
        int[] pixels = pixels(codedWidth, height, true);
        for (WebpTransform transform : transforms) {
            pixels = transform.undo(pixels, height);
        }
        return pixels;
    }

    private WebpTransform transform(int type, int width, int height) throws IOException {
        return switch (type) {
            case 0 -> new WebpTransform.Predictor(width, tiles(width, height));
            case 1 -> new WebpTransform.Colour(width, tiles(width, height));
            case 2 -> new WebpTransform.SubtractGreen(width);
            default -> {
                int[] colours = pixels(bits.read(8) + 1, 1, false);
                for (int i = 1; i < colours.length; i++) {
                    colours[i] = WebpTransform.sum(colours[i - 1], colours[i]);
                }
                yield new WebpTransform.Palette(width, colours);
            }
        };
    }

    /** A small image of which each pixel tells something of a square in the large one. */
    private WebpTransform.Tiles tiles(int width, int height) throws IOException {
        int sizeBits = 2 + bits.read(3);
        int across = WebpTransform.shifted(width, sizeBits);
        return new WebpTransform.Tiles(
                sizeBits, across, pixels(across, WebpTransform.shifted(height, sizeBits), false));
    }

    /** Entropy-coded pixels: each as four numbers, as one of those lately seen, or as a copy of earlier ones. */
    private int[] pixels(int width, int height, boolean main) throws IOException {
        int cacheBits = bits.read(1) == 1 ? bits.read(4) : NO_CACHE;
        if (cacheBits == 0 || cacheBits > MAX_CACHE_BITS) {
            throw new IOException("a colour cache of 2^" + cacheBits);
        }
        int[] cache = new int[cacheBits == NO_CACHE ? 0 : 1 << cacheBits];
        WebpTransform.Tiles choice = main && bits.read(1) == 1
                ? tiles(width, height)
                : new WebpTransform.Tiles(Integer.SIZE - 1, 1, new int[1]);
        PrefixCode[][] groups = groups(choice, cache.length);
        int[] pixels = new int[width * height];
        for (int n = 0; n < pixels.length; ) {
            PrefixCode[] group = groups[group(choice.at(n % width, n / width))];
            int code = group[0].read(bits);
            int from = n;
            if (code < GREENS) {
                int red = group[1].read(bits);
                int blue = group[2].read(bits);
                pixels[n++] = group[3].read(bits) << 24 | red << 16 | code << 8 | blue;
            } else if (code < GREENS + LENGTHS) {
                int end = n + number(code - GREENS);
                int distance = distance(number(group[4].read(bits)), width);
                if (distance > n || end > pixels.length) {
                    throw new IOException("a copy of pixels that there are not");
                }
                for (; n < end; n++) {
                    pixels[n] = pixels[n - distance];
                }
            } else {
                pixels[n++] = cache[code - GREENS - LENGTHS];
            }
            for (; from < n && cache.length > 0; from++) {
                cache[HASH * pixels[from] >>> Integer.SIZE - cacheBits] = pixels[from];
            }
        }
        return pixels;
    }

    /** The codes of each group of tiles: of green, lengths and the cache; of red; of blue; of alpha; of distances. */
    private PrefixCode[][] groups(WebpTransform.Tiles choice, int cached) throws IOException {
        int last = IntStream.of(choice.values()).map(LosslessWebp::group).max().orElseThrow();
        PrefixCode[][] groups = new PrefixCode[last + 1][5];
        int[] alphabets = {GREENS + LENGTHS + cached, 256, 256, 256, DISTANCES};
        for (PrefixCode[] group : groups) {
            for (int i = 0; i < alphabets.length; i++) {
                group[i] = PrefixCode.read(bits, alphabets[i]);
            }
        }
        return groups;
    }

    private static int group(int tile) {
        return tile >> 8 & 0xffff;
    }

    /** A length or distance by its prefix, which tells how many more bits there are. */
    private int number(int prefix) {
        if (prefix < 4) {
            return prefix + 1;
        }
        int more = (prefix - 2) / 2;
        return (2 + prefix % 2 << more) + bits.read(more) + 1;
    }

    private static int distance(int code, int width) {
        if (code > NEAR.size()) {
            return code - NEAR.size();
        }
        int[] near = NEAR.get(code - 1);
        return Math.max(1, near[0] + near[1] * width);
    }
}

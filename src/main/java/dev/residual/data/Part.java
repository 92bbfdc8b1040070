package dev.residual.data;

import java.util.stream.IntStream;

/**
 * A process's part of every minibatch, and of every set that is evaluated: neighbours, as many as the others have, or one
 * more or less.
 *
 * @param index which part it is, from 0
 * @param of how many parts there are
 */
public record Part(int index, int of) {
    /** All of it. */
    public static final Part WHOLE = new Part(0, 1);

    /** The first of {@code count} things that is in this part. */
    public int from(int count) {
        return (int) ((long) count * index / of);
    }

    /** The first one behind it. */
    public int to(int count) {
        return (int) ((long) count * (index + 1) / of);
    }

    /** This part of a set. */
    public ImageSet of(ImageSet images) {
        int size = images.size();
        return of == 1
                ? images
                : images.select(IntStream.range(from(size), to(size)).toArray());
    }
}

package dev.residual.data;

import java.util.Random;

/**
 * Random numbers as a pure function of their coordinates. A draw that depends on (seed, epoch, position) alone is the
 * same however many threads work, and after any interruption.
 */
public final class Seed {
    private Seed() {}

    /**
     * Mixes coordinates into 64 well-distributed bits. The finaliser is SplitMix64's (Steele, Lea, Flood: Fast
     * Splittable Pseudorandom Number Generators, 2014).
     */
    public static long mix(long... coordinates) {
        long h = 0x9E3779B97F4A7C15L;
        for (long c : coordinates) {
            h = finish(h + c * 0xBF58476D1CE4E5B9L + 0x9E3779B97F4A7C15L);
        }
        return h;
    }

    private static long finish(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** The numbers 0 … n-1 in an order drawn from {@code seed} (Fisher-Yates). */
    public static int[] permutation(int n, long seed) {
        // java.util.Random, because its algorithm is part of its specification and never changes.
        Random random = new Random(seed);
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }
}

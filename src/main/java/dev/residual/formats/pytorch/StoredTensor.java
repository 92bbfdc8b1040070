package dev.residual.formats.pytorch;

import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A tensor as PyTorch describes it: a view of a storage. The value at index i, j … is the storage's at {@code offset +
 * i·stride[0] + j·stride[1] + …}.
 */
record StoredTensor(Storage storage, long offset, long[] shape, long[] stride) {
    /** What is wrong with it, as the rest of a sentence, or nothing. Takes no memory, whatever the sizes say. */
    String problem() {
        String place = "sizes " + Arrays.toString(shape) + ", strides " + Arrays.toString(stride) + ", offset " + offset
                + " in its storage of " + storage.count() + " values";
        if (offset < 0 || IntStream.range(0, shape.length).anyMatch(d -> shape[d] < 0 || stride[d] < 0)) {
            return "has a negative number in its " + place;
        }
        if (IntStream.range(0, shape.length).anyMatch(d -> shape[d] == 0)) {
            return offset > storage.count() ? "lies outside its storage: " + place : null;
        }
        // From the smallest stride to the largest, each must step over all that is below it: no value is seen twice.
        List<Integer> dimensions = IntStream.range(0, shape.length)
                .boxed()
                .filter(d -> shape[d] > 1)
                .sorted(Comparator.comparingLong(d -> stride[d]))
                .toList();
        long span = 1;
        for (int d : dimensions) {
            if (stride[d] < span) {
                return "sees a value twice: " + place;
            }
            if (stride[d] > storage.count() || shape[d] - 1 > (storage.count() - span) / stride[d]) {
                return "lies outside its storage: " + place;
            }
            span += (shape[d] - 1) * stride[d];
        }
        return offset > storage.count() - span ? "lies outside its storage: " + place : null;
    }

    /** Values; of a tensor without a problem, no more than its storage has. */
    long count() {
        return LongStream.of(shape).reduce(1, (a, b) -> a * b);
    }

    long bytes() {
        return count() * storage.width();
    }

    /**
     * Copies its values, row by row.
     *
     * @param file the whole storage's bytes
     */
    NamedTensor read(byte[] file) {
        int width = storage.width();
        byte[] data = new byte[(int) bytes()];
        long[] index = new long[shape.length];
        long at = storage.base() + offset;
        for (int to = 0; to < data.length; to += width) {
            System.arraycopy(file, (int) (at * width), data, to, width);
            for (int d = shape.length - 1; d >= 0; d--) {
                at += stride[d];
                if (++index[d] < shape[d]) {
                    break;
                }
                at -= shape[d] * stride[d];
                index[d] = 0;
            }
        }
        return new NamedTensor(storage.dtype(), shape, data);
    }
}

package dev.residual.tensor;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The maps between a network's layers, N×C×H×W, float32 or bfloat16, in one of two forms: plain tensors, channels-last, or
 * tensors of oneDNN's own, which lie in memory as its convolutions like it best; libtorch knows their size and nothing
 * else about them. Convolutions take them as well, and for them there is oneDNN's batch norm, which is two to five times
 * as fast as libtorch's for plain tensors. What oneDNN has no good operation for is done on views of their memory.
 */
public final class Maps {
    /** Where this does not divide the channels, oneDNN may put empty ones between them. */
    public static final int BLOCK = 16;

    /** Neighbouring numbers that libtorch's vector instructions for bfloat16 need; with fewer it is three times as slow. */
    private static final int VECTORS = 32;

    private static final Optional<Operator> ADDRESS = Operator.find("mkldnn::data_ptr", "");
    private static final Optional<Operator> LAYOUT = Operator.find("mkldnn::_get_mkldnn_serialized_md", "");

    /**
     * In oneDNN's descriptions ({@code memory_desc_t} of oneDNN 3, where an address has 64 bits): the four bytes behind the
     * number of dimensions, the type of the numbers, the kind of format and the number of inner blocks. They hold what was
     * in memory there before, and so do some behind the inner blocks, which are the last that says something of maps.
     */
    private static final List<Integer> GAPS = List.of(4, 108, 316, 420);

    private static final int LAYOUT_BYTES = 616;

    private static final Map<ScalarType, Boolean> TRIED = new ConcurrentHashMap<>();
    private static final Map<ByteBuffer, Integer> BLOCKS = new ConcurrentHashMap<>();

    private Maps() {}

    /**
     * The same maps in oneDNN's form, where it can be trained in; otherwise as they are. libtorch's autograd cannot follow
     * what is done in their memory, so where it is on they stay plain.
     */
    public static Tensor ofOneDnn(Tensor plain) {
        boolean can = torch.hasMKLDNN()
                && !plain.is_cuda()
                && !GradMode.is_enabled()
                && ADDRESS.isPresent()
                && LAYOUT.isPresent();
        return can && TRIED.computeIfAbsent(plain.scalar_type().intern(), Maps::works) ? plain.to_mkldnn() : plain;
    }

    /** A processor may lack what bfloat16 needs, and a build oneDNN's operations: tried once, on small maps. */
    private static boolean works(ScalarType type) {
        long[] one = {1, 1};
        TensorOptional none = new TensorOptional();
        try (Scope scope = Scope.noGrad()) {
            Tensor x = torch.ones(2, 3, 8, 8).to(type).to_mkldnn();
            for (int channels : new int[] {BLOCK, 4 * BLOCK}) {
                x = torch.conv2d(x, torch.ones(channels, x.size(1), 3, 3), none, one, one, one, 1);
                TensorOptional ones = new TensorOptional(torch.ones(channels));
                x = torch.native_batch_norm(x, ones, ones, none, none, true, 0, 1)
                        .get0();
                block(x);
            }
            return true;
        } catch (RuntimeException e) { // libtorch's, of which there is one kind only
            return false;
        }
    }

    /** A plain tensor of the same values; itself, if it is one. */
    public static Tensor plain(Tensor map) {
        return map.is_mkldnn() ? map.to_dense() : map;
    }

    /** All numbers of a map in the order in which they lie in memory; a view, good for as long as the map is. */
    public static Tensor memory(Tensor map) {
        return map.is_mkldnn() ? view(map, map.scalar_type(), map.numel()) : map;
    }

    /**
     * The same for what only asks whether numbers are positive, which their bits tell too, as integers: libtorch computes
     * with bfloat16 by way of float32, five times as slowly. NaNs count as positive or negative.
     */
    private static Tensor signs(Tensor map) {
        if (map.scalar_type().intern() != ScalarType.BFloat16 || GradMode.is_enabled()) {
            return memory(map);
        }
        return map.is_mkldnn() ? view(map, ScalarType.Short, map.numel()) : map.view(ScalarType.Short);
    }

    /** max(0, map), in place. A negative NaN becomes 0 in bfloat16. */
    public static void relu(Tensor map) {
        signs(map).relu_();
    }

    /** Zero where {@code y}, of the same shape, is not positive: in place where both lie in memory alike. */
    public static Tensor maskByPositive(Tensor map, Tensor y) {
        if (!alike(map, y)) {
            return torch.threshold_backward(map, y, new Scalar(0));
        }
        Tensor signs = signs(map);
        torch.threshold_backward_out(signs, signs, signs(y), new Scalar(0));
        return map;
    }

    /** a += b, of the same shape. */
    public static Tensor add(Tensor a, Tensor b) {
        if (alike(a, b)) {
            memory(a).add_(memory(b));
        } else {
            add(blocks(a), 0, blocks(b), 0, (int) a.size(1));
        }
        return a;
    }

    /** Whether the numbers of two maps of the same shape lie in memory in the same order; descriptions may differ then. */
    private static boolean alike(Tensor a, Tensor b) {
        return a.is_mkldnn() && b.is_mkldnn() ? block(a) == block(b) : a.is_mkldnn() == b.is_mkldnn();
    }

    /**
     * A view that shows where the channels are: N×(C/b)×H×W×b, where b channels of a pixel lie side by side. All of them do
     * in a plain tensor.
     */
    public static Tensor blocks(Tensor map) {
        return map.is_mkldnn()
                ? blocks(map, block(map))
                : map.permute(0, 2, 3, 1).unsqueeze(1);
    }

    private static Tensor blocks(Tensor map, long b) {
        return view(map, map.scalar_type(), map.size(0), map.size(1) / b, map.size(2), map.size(3), b);
    }

    /** Every second pixel of every second row of what {@link #blocks} shows; a view. */
    public static Tensor everySecondPixel(Tensor blocks) {
        return slice(slice(blocks, 2, 0, blocks.size(2), 2), 3, 0, blocks.size(3), 2);
    }

    /** N×C×H×W, plain, of what {@link #blocks} shows. */
    public static Tensor plainOf(Tensor blocks) {
        return blocks.permute(0, 1, 4, 2, 3).flatten(1, 2);
    }

    /**
     * Adds channels of maps to channels of maps.
     *
     * @param a what {@link #blocks} shows, changed
     * @param fromA the first of a's channels
     * @param b what {@link #blocks} shows, N, H and W as a
     * @param channels how many
     */
    public static void add(Tensor a, int fromA, Tensor b, int fromB, int channels) {
        int blockA = (int) a.size(4);
        int blockB = (int) b.size(4);
        int run;
        for (int c = 0; c < channels; c += run) {
            int inA = (fromA + c) % blockA;
            int inB = (fromB + c) % blockB;
            run = Math.min(channels - c, Math.min(blockA - inA, blockB - inB));
            Tensor to = slice(a.select(1, (fromA + c) / blockA), 3, inA, inA + run, 1);
            Tensor more = slice(b.select(1, (fromB + c) / blockB), 3, inB, inB + run, 1);
            if (run < VECTORS && a.scalar_type().intern() == ScalarType.BFloat16) {
                to.copy_(to.contiguous().add_(more.contiguous())); // dense copies
            } else {
                to.add_(more);
            }
        }
    }

    private static Tensor slice(Tensor tensor, int dimension, long from, long to, int step) {
        return tensor.slice(dimension, new LongOptional(from), new LongOptional(to), step);
    }

    /** How many channels lie side by side in such a map. */
    private static int block(Tensor map) {
        return BLOCKS.computeIfAbsent(layout(map), l -> find(map));
    }

    /** By how a map of noise, laid out as this one, looks as a plain tensor. */
    private static int find(Tensor map) {
        try (Scope scope = Scope.noGrad()) {
            Tensor noise = map.clone();
            memory(noise).normal_();
            Tensor plain = noise.to_dense();
            int channels = (int) map.size(1);
            for (int b : List.of(channels, BLOCK, BLOCK / 2, 1)) {
                if (channels % b == 0 && torch.equal(plainOf(blocks(noise, b)), plain)) {
                    return b;
                }
            }
            throw new IllegalStateException(
                    "oneDNN lays maps of " + channels + " channels out in a way not known here");
        }
    }

    /** oneDNN's description of the shape, type and place in memory of a map's numbers, without its gaps. */
    private static ByteBuffer layout(Tensor map) {
        Tensor description = LAYOUT.orElseThrow().call(new IValue(map)).toTensor();
        byte[] bytes = new byte[(int) description.numel()];
        new BytePointer(description.data_ptr()).get(bytes);
        ByteBuffer layout = ByteBuffer.wrap(bytes, 0, LAYOUT_BYTES);
        GAPS.forEach(gap -> layout.putInt(gap, 0));
        return layout;
    }

    private static Tensor view(Tensor map, ScalarType type, long... shape) {
        long address = ADDRESS.orElseThrow().call(new IValue(map)).toInt();
        return torch.from_blob(new Address(address), shape, new TensorOptions(type));
    }

    private static final class Address extends Pointer {
        Address(long address) {
            this.address = address;
        }
    }
}

package dev.residual.tensor;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Tensors from and to Java arrays. Arrays are in row-major order of the tensor's dimensions (N×C×H×W). */
public final class Tensors {
    private Tensors() {}

    /** Uninitialised, in the machine's memory. */
    public static Tensor empty(ScalarType type, long... shape) {
        return torch.empty(shape, new TensorOptions(type), new MemoryFormatOptional());
    }

    /** A new float32 tensor of this shape, in the machine's memory. */
    public static Tensor of(float[] values, long... shape) {
        Tensor tensor = empty(ScalarType.Float, shape);
        check(values.length, tensor);
        new FloatPointer(tensor.data_ptr()).put(values, 0, values.length);
        return tensor;
    }

    /** A new int64 tensor with one dimension. */
    public static Tensor of(long[] values) {
        Tensor tensor = empty(ScalarType.Long, values.length);
        new LongPointer(tensor.data_ptr()).put(values, 0, values.length);
        return tensor;
    }

    /** The values of a tensor of any floating type, memory format and device. */
    public static float[] floats(Tensor tensor) {
        try (Scope scope = Scope.noGrad()) {
            Tensor plain = Device.CPU.move(tensor.detach()).to(ScalarType.Float).contiguous();
            float[] values = new float[Math.toIntExact(plain.numel())];
            new FloatPointer(plain.data_ptr()).get(values, 0, values.length);
            return values;
        }
    }

    /** The values of an integer tensor. */
    public static long[] longs(Tensor tensor) {
        try (Scope scope = Scope.noGrad()) {
            Tensor plain = Device.CPU.move(tensor.detach()).to(ScalarType.Long).contiguous();
            long[] values = new long[Math.toIntExact(plain.numel())];
            new LongPointer(plain.data_ptr()).get(values, 0, values.length);
            return values;
        }
    }

    /** Overwrites a tensor's values and leaves its type, memory format and device as they are. */
    public static void set(Tensor tensor, float[] values) {
        try (Scope scope = Scope.noGrad()) {
            check(values.length, tensor);
            tensor.copy_(of(values, tensor.shape()));
        }
    }

    /**
     * The same values with the channels innermost in memory, where there are four dimensions; convolutions are faster
     * so. Other tensors come back as they are.
     */
    public static Tensor channelsLast(Tensor tensor) {
        return tensor.dim() == 4 ? tensor.contiguous(MemoryFormat.ChannelsLast) : tensor;
    }

    private static void check(int values, Tensor tensor) {
        if (values != tensor.numel()) {
            throw new IllegalArgumentException(values + " values for a tensor of " + tensor.numel());
        }
    }
}

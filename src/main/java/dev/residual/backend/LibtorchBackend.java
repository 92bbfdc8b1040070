package dev.residual.backend;

import dev.residual.graph.Graph;
import dev.residual.graph.Graph.Node;
import dev.residual.graph.Operation;
import dev.residual.graph.Operation.BatchNorm;
import dev.residual.graph.Operation.Convolution;
import dev.residual.graph.Shape;
import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Tensors;
import java.util.function.IntSupplier;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** libtorch's own operations, on any device, on feature maps N×C×H×W in channels-last order. */
final class LibtorchBackend implements Backend {
    private final Device device;
    private final String instead;
    private final SideTasks tasks;
    private final Layout layout = new ChannelsLast();

    /** @param instead why it is not oneDNN that computes, in a few words; empty where nobody would expect it */
    LibtorchBackend(Device device, String instead) {
        this(device, instead, new BusyCores());
    }

    /** @param busyElsewhere how many cores other processes keep busy */
    LibtorchBackend(Device device, String instead, IntSupplier busyElsewhere) {
        this.device = device;
        this.instead = instead;
        tasks = new SideTasks(device, busyElsewhere);
    }

    private final class ChannelsLast implements Layout {
        @Override
        public Tensor allocate(ScalarType type, long batch, Shape shape) {
            TensorOptions options = device.options(type);
            return torch.empty(
                    new long[] {batch, shape.channels(), shape.height(), shape.width()},
                    options,
                    new MemoryFormatOptional(MemoryFormat.ChannelsLast));
        }

        /** All of a pixel's channels are one block. */
        @Override
        public Tensor blocks(Tensor maps) {
            return maps.permute(0, 2, 3, 1).unsqueeze(1);
        }
    }

    @Override
    public String description() {
        String reason = instead.isEmpty() ? "" : " (" + instead + ")";
        return "libtorch " + Engine.libtorchVersion() + ", "
                + (device == Device.CPU ? Engine.libtorchInstructions() : device) + reason;
    }

    @Override
    public boolean isFallback() {
        return !instead.isEmpty();
    }

    @Override
    public Device device() {
        return device;
    }

    @Override
    public Tensor input(Tensor images) {
        return Tensors.channelsLast(device.move(images)); // other layouts gave NaN gradients with few channels
    }

    @Override
    public Kernel kernel(Graph graph, Node node) {
        Operation operation = node.operation();
        Shape input = graph.inputShapes(node).get(0);
        if (operation instanceof Convolution conv) {
            return new LibtorchConvolution(conv, input, layout, tasks);
        }
        if (operation instanceof BatchNorm bn) {
            return new LibtorchBatchNorm(bn, input, layout, tasks);
        }
        return SharedKernels.of(operation, input, layout, tasks);
    }

    @Override
    public SideTasks tasks() {
        return tasks;
    }

    @Override
    public void close() {
        tasks.close();
    }
}

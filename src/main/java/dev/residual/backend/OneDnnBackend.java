package dev.residual.backend;

import dev.residual.backend.BatchNormPrimitives.By;
import dev.residual.graph.Graph;
import dev.residual.graph.Graph.Node;
import dev.residual.graph.Operation;
import dev.residual.graph.Operation.BatchNorm;
import dev.residual.graph.Operation.Convolution;
import dev.residual.graph.Operation.Epilogue;
import dev.residual.graph.Operation.Input;
import dev.residual.graph.Shape;
import dev.residual.tensor.Device;
import dev.residual.tensor.Precision;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntSupplier;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The CPU's backend: convolutions and BN by oneDNN on feature maps in its own order, everything else by libtorch on the
 * same memory. libtorch has a oneDNN in it too, but chooses the order anew for each convolution, makes the operation anew
 * at each call, and has no way to its BN.
 */
final class OneDnnBackend implements Backend {
    private final ActivationPool pool = new ActivationPool();
    private final OneDnnLayout layout = new OneDnnLayout(pool);
    private final SideTasks tasks;
    private final PackedFilters packed = new PackedFilters();

    OneDnnBackend() {
        this(new BusyCores());
    }

    /** @param busyElsewhere how many cores other processes keep busy */
    OneDnnBackend(IntSupplier busyElsewhere) {
        tasks = new SideTasks(device(), busyElsewhere);
    }

    /** Whether oneDNN has more for such feature maps than the plain loops that it has for every case. */
    static boolean hasFastKernels(ScalarType type, MemoryFormat format) {
        Shape shape = new Shape(16, 8, 8);
        Convolution conv = new Convolution("probe", 16, 32, 3, 1, false, Epilogue.NONE);
        try (ConvolutionPrimitives convolution = new ConvolutionPrimitives(conv, shape, false, 2, type, format);
                BatchNormPrimitives norm =
                        new BatchNormPrimitives(new BatchNorm("probe", 16, true), shape, 2, type, format, By.BATCH)) {
            return !convolution.isReference() && !norm.isReference();
        } catch (RuntimeException e) { // the only kind that oneDNN throws: it does not compute this at all
            return false;
        }
    }

    @Override
    public String description() {
        return OneDnn.description();
    }

    @Override
    public Device device() {
        return Device.CPU;
    }

    @Override
    public Tensor input(Tensor images) {
        return OneDnnLayout.memoryFormat(images.scalar_type().intern())
                .view(images)
                .contiguous();
    }

    @Override
    public Kernel kernel(Graph graph, Node node) {
        Operation operation = node.operation();
        Shape input = graph.inputShapes(node).get(0);
        if (operation instanceof Convolution conv) {
            boolean fromImages = graph.nodes().get(node.inputs().get(0)).operation() instanceof Input;
            return new OneDnnConvolution(conv, input, fromImages, layout);
        }
        if (operation instanceof BatchNorm bn) {
            return new OneDnnBatchNorm(bn, input, layout, tasks);
        }
        return SharedKernels.of(operation, input, layout, tasks);
    }

    @Override
    public SideTasks tasks() {
        return tasks;
    }

    @Override
    public Optional<InferencePlan> plan(
            Graph graph, Function<String, Tensor> weights, long images, Precision precision) {
        return Optional.of(new OneDnnPlan(graph, weights, packed, images, precision));
    }

    @Override
    public void close() {
        tasks.close();
        pool.close();
        packed.close();
    }
}

package dev.residual.backend;

import dev.residual.graph.Operation.Convolution;
import dev.residual.graph.Shape;
import dev.residual.tensor.Engine;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A convolution by oneDNN.
 *
 * @param fromImages whether its input are the images
 */
record OneDnnConvolution(
        Convolution operation,
        Shape input,
        boolean fromImages,
        OneDnnLayout layout,
        PrimitiveCache<ConvolutionPrimitives> made)
        implements Kernel {
    OneDnnConvolution(Convolution operation, Shape input, boolean fromImages, OneDnnLayout layout) {
        this(operation, input, fromImages, layout, new PrimitiveCache<>());
    }

    /** For as many threads as the caller has now. */
    private ConvolutionPrimitives primitives(Tensor x) {
        ScalarType type = x.scalar_type().intern();
        return made.get(x.size(0), type, Engine.currentThreads(), () -> primitives(x.size(0), type));
    }

    ConvolutionPrimitives primitives(long batch, ScalarType type) {
        return new ConvolutionPrimitives(operation, input, fromImages, batch, type, OneDnnLayout.memoryFormat(type));
    }

    @Override
    public Tensor forward(List<Tensor> inputs, Pass pass) {
        Tensor x = inputs.get(0);
        pass.save(x);
        Tensor y = layout.allocateLike(x, operation.output(List.of(input)));
        Optional<Tensor> bias = operation.bias() ? Optional.of(pass.parameter("bias")) : Optional.empty();
        primitives(x).forward(x, pass.parameter("weight"), bias, y);
        return y;
    }

    @Override
    public List<Tensor> backward(Tensor gradient, Pass pass) {
        Tensor x = pass.saved().get(0);
        Tensor ofWeight = pass.gradient("weight");
        Optional<Tensor> ofBias = operation.bias() ? Optional.of(pass.gradient("bias")) : Optional.empty();
        pass.later(
                kept -> primitives(kept.get(1)).backwardWeights(kept.get(0), kept.get(1), ofWeight, ofBias),
                gradient,
                x);
        if (!pass.wantsInputGradient()) {
            return List.of();
        }
        Tensor ofX = layout.allocateLike(x, input);
        primitives(x).backwardData(gradient, pass.parameter("weight"), ofX);
        return List.of(ofX);
    }

    @Override
    public void close() {
        made.close();
    }
}

package dev.residual.model;

import dev.residual.model.Architecture.ShortcutKind;
import dev.residual.tensor.Maps;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Script;
import dev.residual.tensor.ScriptWriter;
import dev.residual.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * The network of the paper's section 4.2: "The first layer is 3×3 convolutions. Then we use a stack of 6n layers with
 * 3×3 convolutions on the feature maps of sizes {32, 16, 8} respectively, with 2n layers for each feature map size. The
 * numbers of filters are {16, 32, 64} respectively. The subsampling is performed by convolutions with a stride of 2. The
 * network ends with a global average pooling, a 10-way fully-connected layer, and softmax." (The softmax is in the
 * loss.)
 *
 * @param bn1 with its ReLU
 * @param body the stack between: 3n blocks and, in the article's network, the convolutions between its stages
 */
public record ResNet(Architecture architecture, Conv2d conv1, BatchNorm2d bn1, List<Scripted> body, Head fc) {
    /** The size of an image. */
    public static final Shape IMAGE = new Shape(3, 32, 32);

    public static ResNet of(Architecture a) {
        int first = a.widths().get(0);
        List<Scripted> body = new ArrayList<>();
        int in = first;
        for (int stage = 1; stage <= 3; stage++) {
            String name = "layer" + stage;
            int out = a.widths().get(stage - 1);
            boolean shrink = stage > 1;
            if (shrink && a.shortcut() == ShortcutKind.ARTICLE) {
                body.add(new Conv2d(name + ".pool", in, out, 2, 2, 0, a.convBias()));
                in = out;
                shrink = false;
            }
            for (int block = 0; block < a.n(); block++) {
                int stride = shrink && block == 0 ? 2 : 1;
                body.add(block(name + "." + block, in, out, stride, a));
                in = out;
            }
        }
        return new ResNet(
                a,
                Conv2d.of3x3("conv1", IMAGE.channels(), first, 1, a.convBias()),
                new BatchNorm2d("bn1", first, true),
                List.copyOf(body),
                new Head("fc", in, a.classes()));
    }

    private static ResidualBlock block(String name, int in, int out, int stride, Architecture a) {
        boolean same = in == out && stride == 1;
        String around = name + ".downsample";
        Shortcut shortcut =
                switch (a.shortcut()) {
                    case NONE -> new Shortcut.None();
                    case C -> Shortcut.Projection.of(around, in, out, stride, a.convBias());
                    case B ->
                        same ? new Shortcut.Identity() : Shortcut.Projection.of(around, in, out, stride, a.convBias());
                    case A, ARTICLE -> same ? new Shortcut.Identity() : new Shortcut.Subsample(around, in, out);
                };
        return ResidualBlock.of(name, in, out, stride, a.convBias(), shortcut);
    }

    /**
     * @param images N×3×32×32, normalised as the network was trained
     * @return N×classes logits
     */
    public Tensor forward(Tensor images, Pass pass) {
        Tensor x = Tensors.channelsLast(images); // with few channels, the way back through others gave NaNs
        return pass.script(x, folded -> script(x, folded))
                .map(script -> script.play(x))
                .orElseGet(() -> layerByLayer(x, pass));
    }

    private Script script(Tensor images, State folded) {
        return Script.of(images, (maps, writer) -> {
            ScriptWriter.Result x = conv1.writeRelu(maps, writer, folded);
            for (Scripted module : body) {
                x = module.write(x, writer, folded);
            }
            return fc.write(x, writer, folded);
        });
    }

    /** As every mode can do it. */
    Tensor layerByLayer(Tensor images, Pass pass) {
        pass.begin();
        boolean byBatch = pass.mode() == Pass.Mode.TRAINING || pass.mode() == Pass.Mode.BATCH_STATISTICS;
        Tensor maps = byBatch ? Maps.blocked(images, architecture.widths()) : images;
        Tensor x = Scope.within(() -> bn1.forward(conv1.forward(maps, pass), pass));
        for (Module module : body) {
            x = through(x, before -> module.forward(before, pass));
        }
        return fc.forward(x, pass);
    }

    /** What becomes of maps, or of their gradient; they themselves are freed unless somebody saved them. */
    private static Tensor through(Tensor maps, UnaryOperator<Tensor> layers) {
        Tensor result = Scope.within(() -> layers.apply(maps));
        maps.close();
        return result;
    }

    /**
     * The way back, after {@link #forward} in the same {@link Pass#training training pass}: leaves the gradients of all
     * trained numbers in the pass's {@link Gradients}.
     *
     * @param gradient N×classes float32, of the loss with respect to the logits
     */
    public void backward(Tensor gradient, Pass pass) {
        try {
            pass.gradients().beginBackward();
            Tensor g = fc.backward(gradient, pass);
            for (int i = body.size() - 1; i >= 0; i--) {
                if (i == body.size() - 1 - architecture.n() * 5 / 3) {
                    // From here the chain takes about as long as all filters' gradients do (measured).
                    pass.gradients().overlap();
                }
                Module module = body.get(i);
                g = through(g, behind -> module.backward(behind, pass));
            }
            conv1.backwardToNumbers(bn1.backward(g, pass), pass);
        } finally {
            pass.gradients().await();
        }
    }

    /** Tells the visitor of each layer, from the first to the last. */
    public void trace(Module.Visitor visitor) {
        Shape shape = bn1.trace(conv1.trace(IMAGE, visitor), visitor);
        for (Module module : body) {
            shape = module.trace(shape, visitor);
        }
        fc.trace(shape, visitor);
    }

    /** All named arrays of numbers, in the order of the layers; BN's running statistics too. */
    public List<Parameter> parameters() {
        List<Parameter> all = new ArrayList<>();
        trace((name, kind, output, parameters, multiplyAdds) -> all.addAll(parameters));
        return all;
    }
}

package dev.residual.formats.pytorch;

import dev.residual.AtomicFile;
import dev.residual.ResidualException;
import dev.residual.formats.Naming;
import dev.residual.formats.safetensors.Safetensors;
import dev.residual.formats.safetensors.Safetensors.NamedTensor;
import dev.residual.graph.Graph;
import dev.residual.graph.Operation.StochasticDepth;
import dev.residual.graph.Parameter;
import dev.residual.model.Model;
import dev.residual.model.Model.Card;
import dev.residual.model.Provenance;
import dev.residual.nn.Shortcut;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import net.razorvine.pickle.IObjectPickler;
import net.razorvine.pickle.Opcodes;
import net.razorvine.pickle.Pickler;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;

/**
 * Writes a network's parameters and buffers as {@code torch.save(net.state_dict(), …)} would: what {@code torch.load(…,
 * weights_only=True)} reads and {@code load_state_dict} takes. A zip archive with the pickle of an OrderedDict, and one
 * entry for the bytes of each tensor.
 */
public final class PytorchWriter {
    private static final String FOLDER = "archive/";

    /** PyTorch aligns values so, so that they can be used where they lie in the file. */
    private static final int ALIGNMENT = 64;

    /** A name of Python's, written as such. */
    private record Global(String module, String name) {}

    private static final Global ORDERED_DICT = new Global("collections", "OrderedDict");
    private static final Global REBUILD = new Global("torch._utils", "_rebuild_tensor_v2");

    /** A tensor by its storage's key. */
    private record Numbers(String key, NamedTensor tensor) {}

    /** A storage, to which the pickle only refers. */
    private record Reference(String key, NamedTensor tensor) {}

    private PytorchWriter() {}

    /**
     * Writes the file, and beside it, as JSON, what the network's inputs must be.
     *
     * @return what the inputs must be, in words
     * @throws ResidualException when the naming has no names for this network, or another file is where the JSON is to lie
     */
    public static String write(Model model, Naming naming, Path file) {
        if (naming == Naming.ARTICLE
                && (model.architecture().shortcut() != Shortcut.ARTICLE
                        || !Naming.isOfArticle(model.tensors().keySet()))) {
            throw new ResidualException("the article's names are for the article's network, and this is "
                    + model.architecture().name());
        }
        Path beside = InputContract.beside(file);
        Model plain = withoutStochasticDepth(model);
        InputContract inputs = InputContract.of(plain.card());
        inputs.requireFree(file);
        // The description is written before the weights and comes into its place after them: where the disk has no room
        // for
        // both, neither is replaced.
        AtomicFile.write(beside, description -> {
            inputs.write(description);
            description.flush();
            AtomicFile.write(file, out -> write(plain, naming, out));
        });
        return inputs.sentence() + " (" + beside + ")";
    }

    /**
     * The same network for inference, for classes that know no stochastic depth: the last layer of each block's branch is
     * multiplied by how often it was trained.
     */
    private static Model withoutStochasticDepth(Model model) {
        Map<String, NamedTensor> tensors = new LinkedHashMap<>(model.tensors());
        for (Graph.Node node : model.graph().nodes()) {
            if (node.operation() instanceof StochasticDepth depth) {
                Graph.Node last = model.graph().nodes().get(node.inputs().get(0));
                last.operation().parameters().stream()
                        .filter(Parameter::trained)
                        .forEach(p -> tensors.computeIfPresent(p.name(), (name, t) -> times(t, depth.survival())));
            }
        }
        Card card = model.card();
        return new Model(
                new Card(card.architecture().withSurvival(1), card.classes(), card.normalization(), card.provenance()),
                tensors);
    }

    private static NamedTensor times(NamedTensor tensor, double factor) {
        float[] values = tensor.floats();
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] * factor);
        }
        return NamedTensor.of(values, tensor.shape());
    }

    /** The same content gives the same bytes. */
    static void write(Model model, Naming naming, OutputStream out) throws IOException {
        Map<String, NamedTensor> stateDict = stateDict(model, naming);
        Map<String, Numbers> saved = new LinkedHashMap<>();
        stateDict.forEach((name, tensor) -> saved.put(name, new Numbers(Integer.toString(saved.size()), tensor)));
        ZipArchiveOutputStream zip = new ZipArchiveOutputStream(out);
        put(zip, "data.pkl", new StateDictPickler().dumps(saved));
        put(zip, "byteorder", "little".getBytes(StandardCharsets.US_ASCII));
        for (Numbers numbers : saved.values()) {
            put(zip, "data/" + numbers.key(), numbers.tensor().data());
        }
        put(zip, "version", "3\n".getBytes(StandardCharsets.US_ASCII));
        zip.finish();
    }

    /**
     * In PyTorch's order; after each BN's statistics comes the number of batches that they are from: 0 where the network
     * has a BN that it never calls.
     */
    private static Map<String, NamedTensor> stateDict(Model model, Naming naming) {
        long batches = model.card()
                .provenance()
                .training()
                .map(Provenance.Training::batchesTracked)
                .orElse(0L);
        Graph graph = model.graph();
        BitSet live = graph.live();
        Map<String, NamedTensor> stateDict = new LinkedHashMap<>();
        for (Graph.Node node : graph.nodes()) {
            for (Parameter p : node.operation().parameters()) {
                String name = naming.of(p.name());
                stateDict.put(name, model.tensors().get(p.name()));
                if (p.role() == Parameter.Role.RUNNING_VARIANCE) {
                    stateDict.put(
                            name.replace("running_var", "num_batches_tracked"),
                            count(live.get(node.index()) ? batches : 0));
                }
            }
        }
        return stateDict;
    }

    private static NamedTensor count(long value) {
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        return new NamedTensor("I64", new long[0], bytes.putLong(value).array());
    }

    private static void put(ZipArchiveOutputStream zip, String name, byte[] bytes) throws IOException {
        ZipArchiveEntry entry = new ZipArchiveEntry(FOLDER + name);
        CRC32 sum = new CRC32();
        sum.update(bytes);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(bytes.length);
        entry.setCrc(sum.getValue());
        entry.setAlignment(ALIGNMENT);
        entry.setTimeLocal(LocalDateTime.of(1980, 1, 1, 0, 0)); // the earliest that zip knows
        zip.putArchiveEntry(entry);
        zip.write(bytes);
        zip.closeArchiveEntry();
    }

    /** Python's pickle of the state_dict. Without a memo, whose order would depend on the addresses of objects. */
    private static final class StateDictPickler extends Pickler {
        StateDictPickler() {
            super(false);
        }

        @Override
        protected IObjectPickler getCustomPickler(Class<?> type) {
            if (type == Global.class) {
                return (o, stream, pickler) -> global((Global) o);
            }
            if (type == Numbers.class) {
                return (o, stream, pickler) -> tensor((Numbers) o);
            }
            return type == LinkedHashMap.class ? (o, stream, pickler) -> orderedDict((Map<?, ?>) o) : null;
        }

        private void global(Global global) throws IOException {
            out.write(Opcodes.GLOBAL);
            out.write((global.module() + "\n" + global.name() + "\n").getBytes(StandardCharsets.US_ASCII));
        }

        /** OrderedDict(), then its items. */
        private void orderedDict(Map<?, ?> map) throws IOException {
            save(ORDERED_DICT);
            save(new Object[0]);
            out.write(Opcodes.REDUCE);
            out.write(Opcodes.MARK);
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                save(entry.getKey());
                save(entry.getValue());
            }
            out.write(Opcodes.SETITEMS);
        }

        /** _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks). */
        private void tensor(Numbers numbers) throws IOException {
            long[] shape = numbers.tensor().shape();
            Long[] size = new Long[shape.length];
            Long[] stride = new Long[shape.length];
            long step = 1;
            for (int d = shape.length - 1; d >= 0; d--) {
                size[d] = shape[d];
                stride[d] = step;
                step *= shape[d];
            }
            save(REBUILD);
            Object storage = new Reference(numbers.key(), numbers.tensor());
            save(new Object[] {storage, 0, size, stride, false, new LinkedHashMap<>()});
            out.write(Opcodes.REDUCE);
        }

        @Override
        protected Object persistentId(Object object) {
            if (!(object instanceof Reference reference)) {
                return null;
            }
            NamedTensor tensor = reference.tensor();
            int count = tensor.data().length / Safetensors.width(tensor.dtype());
            String type = tensor.dtype().equals("I64") ? "LongStorage" : "FloatStorage";
            return new Object[] {"storage", new Global("torch", type), reference.key(), "cpu", count};
        }
    }
}

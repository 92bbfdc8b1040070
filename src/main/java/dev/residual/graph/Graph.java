package dev.residual.graph;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;

/**
 * A network: its operations in an order in which they can be computed. {@link GraphBuilder} makes it.
 *
 * @param nodes the first is the {@link Operation.Input}, the last one computes the network's output
 * @param frozen the names of the operations that training leaves as they are: their parameters are not trained, and their
 *     BN normalises by its running statistics, which stay
 */
public record Graph(List<Node> nodes, Set<String> frozen) {
    /**
     * One operation and where its inputs come from.
     *
     * @param index its place in the graph
     * @param inputs the places of the nodes whose outputs it takes, all before its own
     * @param shape of its output
     */
    public record Node(int index, Operation operation, List<Integer> inputs, Shape shape) {}

    public Graph {
        nodes = List.copyOf(nodes);
        frozen = Set.copyOf(frozen);
        for (int i = 0; i < nodes.size(); i++) {
            int index = i;
            if (nodes.get(i).index() != i || nodes.get(i).inputs().stream().anyMatch(input -> input >= index)) {
                throw new IllegalArgumentException("node " + i + " is out of order: " + nodes.get(i));
            }
        }
    }

    public Node output() {
        return nodes.get(nodes.size() - 1);
    }

    public boolean isFrozen(Node node) {
        return frozen.contains(node.operation().name());
    }

    /** Whether training changes any parameter of this operation. */
    public boolean isTrained(Node node) {
        return !isFrozen(node) && node.operation().parameters().stream().anyMatch(Parameter::trained);
    }

    /** The graph without its last operation; that one's input comes out. */
    public Graph withoutOutput() {
        Node last = output();
        if (!last.inputs().equals(List.of(last.index() - 1))) {
            throw new IllegalStateException(last + " does not take what the operation before it makes");
        }
        return new Graph(nodes.subList(0, last.index()), frozen);
    }

    /** The shape of one image. */
    public Shape input() {
        return nodes.get(0).shape();
    }

    public List<Shape> inputShapes(Node node) {
        return node.inputs().stream().map(i -> nodes.get(i).shape()).toList();
    }

    /** Parameters and buffers of all operations, in their order. */
    public List<Parameter> parameters() {
        List<Parameter> all = new ArrayList<>();
        nodes.forEach(node -> all.addAll(node.operation().parameters()));
        return all;
    }

    /** The nodes that the output depends on. The others have parameters, which count, but are never computed. */
    public BitSet live() {
        BitSet live = new BitSet();
        live.set(nodes.size() - 1);
        for (int i = nodes.size() - 1; i >= 0; i--) {
            if (live.get(i)) {
                nodes.get(i).inputs().forEach(live::set);
            }
        }
        return live;
    }

    /** For each node, the live nodes that take its output. */
    public List<List<Node>> consumers() {
        BitSet live = live();
        List<List<Node>> consumers = new ArrayList<>();
        nodes.forEach(node -> consumers.add(new ArrayList<>()));
        nodes.stream()
                .filter(node -> live.get(node.index()))
                .forEach(node -> node.inputs().forEach(i -> consumers.get(i).add(node)));
        return consumers;
    }
}

package dev.residual.report;

import dev.residual.graph.Graph;
import dev.residual.graph.Graph.Node;
import dev.residual.graph.Operation;
import dev.residual.graph.Operation.Add;
import dev.residual.graph.Operation.Convolution;
import dev.residual.graph.Operation.GlobalAveragePool;
import dev.residual.graph.Operation.Input;
import dev.residual.graph.Operation.Linear;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A network as the paper's figure 3 draws it: a box a layer with weights, a column for each size of the feature maps, an
 * arc for each shortcut, dotted where it is not the identity. BN and ReLU are not drawn.
 */
public final class NetworkDrawing {
    private static final int BOX_WIDTH = 132;
    private static final int BOX_HEIGHT = 22;
    private static final int ROW = 36;
    private static final int COLUMN = 230;
    private static final int MARGIN = 30;
    private static final int TOP = 74;

    /** Fills of the columns, light enough for black text. */
    private static final List<String> COLOURS =
            List.of("#d9d2e9", "#d9ead3", "#f4cccc", "#cfe2f3", "#fff2cc", "#d0e0e3", "#eeeeee");

    private record Box(String text, int column, int row) {
        int x() {
            return MARGIN + column * COLUMN;
        }

        int y() {
            return TOP + row * ROW;
        }
    }

    private final Graph graph;
    private final List<Box> boxes = new ArrayList<>();
    private final Map<Integer, Box> last = new HashMap<>(); // the box that a node's output comes from, on the main path
    private final List<String> heads = new ArrayList<>(); // of the columns
    private final StringBuilder svg = new StringBuilder();

    private NetworkDrawing(Graph graph) {
        this.graph = graph;
    }

    /** An SVG document. */
    public static String svg(Graph graph, String title) {
        return new NetworkDrawing(graph).draw(title);
    }

    private String draw(String title) {
        Deque<Node> path = new ArrayDeque<>(); // from the images to the logits through the blocks' layers
        for (Node node = graph.output();
                ;
                node = graph.nodes().get(node.inputs().get(0))) {
            path.addFirst(node);
            if (node.inputs().isEmpty()) {
                break;
            }
        }
        path.forEach(this::place);
        int width = 2 * MARGIN + (heads.size() - 1) * COLUMN + BOX_WIDTH + 40;
        int height = TOP + boxes.stream().mapToInt(Box::row).max().orElse(0) * ROW + BOX_HEIGHT + MARGIN;
        svg.append(format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
                        + " font-family=\"sans-serif\" font-size=\"12\">%n",
                width, height, width, height));
        svg.append("<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"6\""
                + " markerHeight=\"6\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#444\"/></marker></defs>\n");
        svg.append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
        svg.append(format("<text x=\"%d\" y=\"26\" font-size=\"16\" font-weight=\"bold\">%s</text>%n", MARGIN, title));
        for (int i = 0; i < heads.size(); i++) {
            int centre = MARGIN + i * COLUMN + BOX_WIDTH / 2;
            svg.append(format(
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"#555\">%s</text>%n",
                    centre, TOP - 14, heads.get(i)));
        }
        for (int i = 1; i < boxes.size(); i++) {
            connect(boxes.get(i - 1), boxes.get(i));
        }
        path.stream().filter(node -> node.operation() instanceof Add).forEach(this::shortcut);
        boxes.forEach(this::box);
        return svg.append("</svg>\n").toString();
    }

    private void place(Node node) {
        Operation operation = node.operation();
        String text = "";
        if (operation instanceof Input) {
            text = "image";
        } else if (operation instanceof Convolution conv) {
            text = conv.kernel() + "×" + conv.kernel() + " conv, " + conv.out()
                    + (conv.stride() > 1 ? ", /" + conv.stride() : "");
        } else if (operation instanceof GlobalAveragePool) {
            text = "average pool";
        } else if (operation instanceof Linear linear) {
            text = "fc, " + linear.out();
        }
        if (!text.isEmpty()) {
            String head = node.shape().height() > 1
                    ? node.shape().height() + "×" + node.shape().width()
                    : "";
            boolean next = heads.isEmpty() || !head.isEmpty() && !head.equals(heads.get(heads.size() - 1));
            if (next) {
                heads.add(head);
            }
            boxes.add(new Box(text, heads.size() - 1, next ? 0 : boxes.get(boxes.size() - 1).row + 1));
        }
        last.put(node.index(), boxes.get(boxes.size() - 1));
    }

    private void box(Box box) {
        svg.append(format(
                "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\" fill=\"%s\" stroke=\"#444\"/>"
                        + "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>%n",
                box.x(),
                box.y(),
                BOX_WIDTH,
                BOX_HEIGHT,
                COLOURS.get(box.column % COLOURS.size()),
                box.x() + BOX_WIDTH / 2,
                box.y() + BOX_HEIGHT / 2 + 4,
                box.text));
    }

    private void connect(Box from, Box to) {
        int x = from.x() + BOX_WIDTH / 2;
        int y = from.y() + BOX_HEIGHT;
        String way = from.column == to.column
                ? format("M%d %dV%d", x, y, to.y())
                : format("M%d %dv8H%dV%dH%dV%d", x, y, to.x() - 24, to.y() - 8, to.x() + BOX_WIDTH / 2, to.y());
        line(way, "");
    }

    /** From behind the layer before the block to behind the block's last layer. */
    private void shortcut(Node add) {
        Node node = graph.nodes().get(add.inputs().get(1));
        boolean identity = true;
        while (!last.containsKey(node.index())) {
            identity = false;
            node = graph.nodes().get(node.inputs().get(0));
        }
        Box from = last.get(node.index());
        Box to = last.get(add.index());
        Box first = boxes.get(boxes.indexOf(from) + 1); // of the block
        int start = first.y() - 7;
        int end = to.y() + BOX_HEIGHT + 7;
        // Around the block, or, where it goes on in the next column, between the columns.
        int bend = first.column == to.column ? to.x() + BOX_WIDTH + 64 : to.x() - 40;
        String way = format(
                "M%d %dC%d %d %d %d %d %d",
                first.x() + BOX_WIDTH / 2, start, bend, start, bend, end, to.x() + BOX_WIDTH / 2, end);
        line(way, identity ? "" : " stroke-dasharray=\"4 3\"");
    }

    private void line(String way, String style) {
        svg.append(format("<path d=\"%s\" fill=\"none\" stroke=\"#444\"%s marker-end=\"url(#tip)\"/>%n", way, style));
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;

/**
 * Draws a table as bars: {@code java bench/Bars.java TABLE.tsv PICTURE.png}. The first line of the table is the
 * picture's title; then a line for each bar: its group, its name, its value, separated by tabs. What is Residual's is
 * blue, dark in fp32 and light in bf16; what is another's is grey.
 */
public final class Bars {
    private record Bar(String name, String value) {}

    private record Group(String name, List<Bar> bars) {}

    private static final int WIDTH = 800;
    private static final int LEFT = 250;
    private static final int RIGHT = 90;
    private static final int MARGIN = 20;
    private static final int ROW = 26;
    private static final int BAR = 18;
    private static final int HEADING = 40;

    private static final Color INK = new Color(0x222222);
    private static final Color FP32 = new Color(0x0072B2);
    private static final Color BF16 = new Color(0x56B4E9);
    private static final Color PEER = new Color(0xB8B8B8);
    private static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 13);

    public static void main(String[] args) throws IOException {
        List<String> lines = Files.readAllLines(Path.of(args[0]));
        List<Group> groups = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.split("\t");
            if (groups.isEmpty() || !groups.get(groups.size() - 1).name.equals(cells[0])) {
                groups.add(new Group(cells[0], new ArrayList<>()));
            }
            groups.get(groups.size() - 1).bars.add(new Bar(cells[1], cells[2]));
        }
        int rows = groups.stream().mapToInt(g -> g.bars.size()).sum();
        int height = 3 * MARGIN + HEADING * groups.size() + ROW * rows;
        BufferedImage image = new BufferedImage(2 * WIDTH, 2 * height, BufferedImage.TYPE_INT_RGB); // for dense screens
        Graphics2D g = image.createGraphics();
        g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        g.scale(2, 2);
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, WIDTH, height);
        paint(g, lines.get(0), groups);
        g.dispose();
        ImageIO.write(image, "png", Path.of(args[1]).toFile());
    }

    private static void paint(Graphics2D g, String title, List<Group> groups) {
        g.setColor(INK);
        g.setFont(FONT.deriveFont(Font.BOLD, 15f));
        g.drawString(title, MARGIN, MARGIN + 14);
        double most = groups.stream()
                .flatMap(group -> group.bars.stream())
                .mapToDouble(bar -> number(bar.value))
                .max()
                .orElseThrow();
        int y = 2 * MARGIN;
        for (Group group : groups) {
            g.setColor(INK);
            g.setFont(FONT.deriveFont(Font.BOLD));
            g.drawString(group.name, MARGIN, y + HEADING - 14);
            y += HEADING;
            int top = y;
            g.setFont(FONT);
            FontMetrics metrics = g.getFontMetrics();
            for (Bar bar : group.bars) {
                int length = (int) Math.round((WIDTH - LEFT - RIGHT) * number(bar.value) / most);
                g.setColor(color(group.name, bar.name));
                g.fillRect(LEFT, y + (ROW - BAR) / 2, length, BAR);
                g.setColor(INK);
                int base = y + (ROW + metrics.getAscent()) / 2 - 2;
                g.drawString(bar.name, LEFT - 10 - metrics.stringWidth(bar.name), base);
                g.drawString(bar.value, LEFT + length + 8, base);
                y += ROW;
            }
            g.setStroke(new BasicStroke(1));
            g.drawLine(LEFT, top, LEFT, y);
        }
    }

    private static double number(String value) {
        return Double.parseDouble(value.replaceAll("[^0-9.]", ""));
    }

    private static Color color(String group, String bar) {
        boolean ours = bar.startsWith("Residual") || group.contains("Residual");
        return !ours ? PEER : (group + bar).contains("bf16") ? BF16 : FP32;
    }
}

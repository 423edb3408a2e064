package sluice.job.bench;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;

/** Draws all curves into one picture. */
final class CurvePlot {
    private static final int WIDTH = 420;
    private static final int HEIGHT = 300;
    private static final int COLUMNS = 3;

    private final List<XYChart> charts = new ArrayList<>();

    /**
     * Adds a curve.
     *
     * @param x the points
     * @param all cost of the whole job at each point, in the curve's unit
     * @param scoring the model's part of that cost
     */
    void add(Curve curve, List<Double> x, List<Double> all, List<Double> scoring) {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .xAxisTitle(curve.axis())
                .yAxisTitle(curve.unit().axis())
                .build();
        chart.getStyler()
                .setXAxisLogarithmic(true)
                .setYAxisLogarithmic(true)
                .setXAxisMin(decadeBelow(Collections.min(x)))
                .setXAxisMax(decadeAbove(Collections.max(x)))
                .setYAxisMin(decadeBelow(Collections.min(scoring)))
                .setYAxisMax(decadeAbove(Collections.max(all)))
                .setChartBackgroundColor(Color.WHITE)
                .setLegendPosition(Styler.LegendPosition.OutsideS)
                .setLegendLayout(Styler.LegendLayout.Horizontal)
                .setLegendBorderColor(Color.WHITE);
        chart.addSeries("whole job", x, all);
        chart.addSeries("scoring", x, scoring);
        charts.add(chart);
    }

    private static double decadeBelow(double value) {
        return Math.pow(10, Math.floor(Math.log10(value)));
    }

    private static double decadeAbove(double value) {
        return Math.pow(10, Math.ceil(Math.log10(value)));
    }

    /** Writes the picture as PNG. */
    void write(Path file) throws IOException {
        int rows = (charts.size() + COLUMNS - 1) / COLUMNS;
        BufferedImage picture = new BufferedImage(COLUMNS * WIDTH, rows * HEIGHT, BufferedImage.TYPE_INT_RGB);
        Graphics2D canvas = picture.createGraphics();
        canvas.setColor(Color.WHITE);
        canvas.fillRect(0, 0, picture.getWidth(), picture.getHeight());
        for (int i = 0; i < charts.size(); i++) {
            canvas.drawImage(
                    BitmapEncoder.getBufferedImage(charts.get(i)), i % COLUMNS * WIDTH, i / COLUMNS * HEIGHT, null);
        }
        canvas.dispose();
        if (!ImageIO.write(picture, "png", file.toFile())) {
            throw new IOException(file + ": this Java writes no PNG");
        }
    }
}

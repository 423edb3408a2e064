package sluice.job.bench;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/** All turns of a workload. */
final class Results {
    private final JobWorkload workload;
    private final Preparation.Prepared table;
    private final Map<Seat, Turn> first = new LinkedHashMap<>();
    private final Map<Seat, List<Turn>> turns = new LinkedHashMap<>();
    private final Map<Seat, Forecast> forecasts = new LinkedHashMap<>();
    private final Map<Contender, AnswerComparison.Found> agreement = new EnumMap<>(Contender.class);

    Results(JobWorkload workload, Preparation.Prepared table) {
        this.workload = workload;
        this.table = table;
    }

    void warmUp(Seat seat, Turn turn) {
        first.put(seat, turn);
    }

    void agrees(Contender contender, AnswerComparison.Found found) {
        agreement.put(contender, found);
    }

    void add(Seat seat, Turn turn) {
        turns.computeIfAbsent(seat, unseen -> new ArrayList<>()).add(turn);
    }

    void forecast(Seat seat, Forecast forecast) {
        forecasts.put(seat, forecast);
    }

    JobWorkload workload() {
        return workload;
    }

    Preparation.Prepared table() {
        return table;
    }

    Map<Contender, AnswerComparison.Found> agreement() {
        return agreement;
    }

    Iterable<Seat> seats() {
        return turns.keySet();
    }

    /** The one in a virtual machine that had run nothing yet. */
    Turn first(Seat seat) {
        return first.get(seat);
    }

    double median(Seat seat, ToDoubleFunction<Turn> value) {
        return Median.of(turns.get(seat).stream().mapToDouble(value).toArray());
    }

    double tokensPerSecondAndCore(Seat seat) {
        return table.tokens() / median(seat, Turn::seconds) / seat.cores();
    }

    /** How many times as long one takes as another: the median over the rounds of their ratio in a round. */
    OptionalDouble ratio(Seat slower, Seat faster) {
        Optional<List<Turn>> a = Optional.ofNullable(turns.get(slower));
        Optional<List<Turn>> b = Optional.ofNullable(turns.get(faster));
        if (a.isEmpty() || b.isEmpty()) {
            return OptionalDouble.empty();
        }
        double[] ratios = new double[a.get().size()];
        for (int round = 0; round < ratios.length; round++) {
            ratios[round] = a.get().get(round).seconds() / b.get().get(round).seconds();
        }
        return OptionalDouble.of(Median.of(ratios));
    }

    /** How many times as long as they took the tasks would take, by the dry run. */
    double taskForecastRatio(Seat seat) {
        return forecasts.get(seat).taskSeconds()
                / median(seat, turn -> turn.scored().stages().all());
    }

    /** The same of the whole run. */
    double forecastRatio(Seat seat) {
        return forecasts.get(seat).seconds() / median(seat, Turn::seconds);
    }

    /** What of the tasks' processor time is not the model's: Spark's reading, encoding and writing. */
    double sparkShare(Seat seat) {
        return median(
                seat,
                turn -> 1
                        - turn.scored().stages().scoring()
                                / turn.scored().stages().all());
    }
}

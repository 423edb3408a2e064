import java.nio.file.Path;
import sluice.cell.online.Scorer;

/** Opens each file, and prints the fingerprint of its model. */
public class Models {
    public static void main(String[] files) throws Exception {
        for (String file : files) {
            System.out.println(Scorer.open(Path.of(file)).model().fingerprint());
        }
    }
}

package sluice.job.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.commonmark.ext.gfm.tables.TableBlock;
import org.commonmark.ext.gfm.tables.TableCell;
import org.commonmark.ext.gfm.tables.TableRow;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.ext.heading.anchor.IdGenerator;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Code;
import org.commonmark.node.CustomBlock;
import org.commonmark.node.FencedCodeBlock;
import org.commonmark.node.Heading;
import org.commonmark.node.HtmlBlock;
import org.commonmark.node.Image;
import org.commonmark.node.IndentedCodeBlock;
import org.commonmark.node.Link;
import org.commonmark.node.Node;
import org.commonmark.node.Text;
import org.commonmark.parser.IncludeSourceSpans;
import org.commonmark.parser.Parser;

/**
 * One Markdown file of the repository.
 *
 * @param file its path
 * @param codes the code spans of the running text, the headings and the tables
 * @param links the destinations of links and images
 * @param anchors what a link to a heading of this file may name after {@code #}
 */
record Document(
        Path file,
        List<Block> blocks,
        List<Table> tables,
        List<String> codes,
        List<String> links,
        Set<String> anchors) {
    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    private static final Parser PARSER = Parser.builder()
            .extensions(List.of(TablesExtension.create()))
            .includeSourceSpans(IncludeSourceSpans.BLOCKS)
            .build();

    /**
     * A block of code.
     *
     * @param line where it begins, from 1
     * @param language of a fence; {@code sh} for an indented block, empty for a fence that names none
     * @param comment the text of the HTML comment directly before the block, if there is one
     * @param sql the text of the SQL block before this one, if there is one
     */
    record Block(int line, String language, List<String> lines, Optional<String> comment, Optional<String> sql) {}

    /** A table; {@code rows} are without the header. */
    record Table(int line, List<Cell> header, List<List<Cell>> rows, Optional<String> comment) {}

    /** A cell: its whole text without markup, and its code spans. */
    record Cell(String text, List<String> codes) {}

    /** All documents: those in {@code src}, which say where test data come from, and those of builds are left out. */
    static List<Document> all() {
        List<Document> documents = new ArrayList<>();
        try {
            Files.walkFileTree(ROOT, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                    String name = directory.getFileName().toString();
                    boolean skipped = name.startsWith(".") || name.equals("src") || name.equals("target");
                    return skipped && !directory.equals(ROOT) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    if (file.toString().endsWith(".md")) {
                        documents.add(read(file));
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return documents;
    }

    static Document read(Path file) throws IOException {
        return parse(file, Files.readString(file));
    }

    static Document parse(Path file, String text) {
        Document document = new Document(
                file, new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new HashSet<>());
        PARSER.parse(text).accept(document.new Reader());
        return document;
    }

    /** Where something stands, for messages. */
    String at(int line) {
        return String.format(Locale.ROOT, "%s, line %d", this, line);
    }

    @Override
    public String toString() {
        return ROOT.relativize(file.toAbsolutePath().normalize()).toString();
    }

    private final class Reader extends AbstractVisitor {
        private final IdGenerator ids = IdGenerator.builder().build();
        private Optional<String> sql = Optional.empty();

        @Override
        public void visit(FencedCodeBlock block) {
            add(block, block.getInfo(), block.getLiteral());
        }

        @Override
        public void visit(IndentedCodeBlock block) {
            add(block, "sh", block.getLiteral());
        }

        private void add(Node block, String language, String text) {
            blocks.add(new Block(line(block), language, text.lines().toList(), comment(block), sql));
            if (language.equals("sql")) {
                sql = Optional.of(text);
            }
        }

        @Override
        public void visit(Heading heading) {
            anchors.add(ids.generateId(text(heading)));
            visitChildren(heading);
        }

        @Override
        public void visit(Code code) {
            codes.add(code.getLiteral());
        }

        @Override
        public void visit(Link link) {
            links.add(link.getDestination());
            visitChildren(link);
        }

        @Override
        public void visit(Image image) {
            links.add(image.getDestination());
        }

        @Override
        public void visit(CustomBlock block) {
            if (block instanceof TableBlock) {
                List<List<Cell>> rows = new ArrayList<>();
                for (Node part = block.getFirstChild(); part != null; part = part.getNext()) {
                    for (Node row = part.getFirstChild(); row != null; row = row.getNext()) {
                        rows.add(cells((TableRow) row));
                    }
                }
                tables.add(new Table(line(block), rows.get(0), rows.subList(1, rows.size()), comment(block)));
            }
            visitChildren(block);
        }
    }

    private static List<Cell> cells(TableRow row) {
        List<Cell> cells = new ArrayList<>();
        for (Node cell = row.getFirstChild(); cell instanceof TableCell; cell = cell.getNext()) {
            List<String> codes = new ArrayList<>();
            cell.accept(new AbstractVisitor() {
                @Override
                public void visit(Code code) {
                    codes.add(code.getLiteral());
                }
            });
            cells.add(new Cell(text(cell), codes));
        }
        return cells;
    }

    private static int line(Node block) {
        return block.getSourceSpans().get(0).getLineIndex() + 1;
    }

    private static Optional<String> comment(Node block) {
        boolean isAdjacent = block.getPrevious() instanceof HtmlBlock html
                && html.getSourceSpans().get(html.getSourceSpans().size() - 1).getLineIndex() + 2 == line(block);
        if (!isAdjacent) {
            return Optional.empty();
        }
        String literal = ((HtmlBlock) block.getPrevious()).getLiteral().strip();
        return Optional.of(literal.substring("<!--".length(), literal.length() - "-->".length())
                .strip());
    }

    private static String text(Node node) {
        StringBuilder text = new StringBuilder();
        node.accept(new AbstractVisitor() {
            @Override
            public void visit(Text part) {
                text.append(part.getLiteral());
            }

            @Override
            public void visit(Code part) {
                text.append(part.getLiteral());
            }
        });
        return text.toString();
    }
}

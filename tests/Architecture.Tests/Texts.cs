using System.Text.RegularExpressions;
using System.Xml.Linq;
using Hikyaku.Platform;
using Xunit;

namespace Hikyaku.Architecture.Tests;

/// <summary>Japanese and English by construction: no text is missing, none is without use, both speak of the same values.</summary>
[Trait("Rule", "GWY-3")]
public partial class Texts
{
    public static TheoryData<string> Pages
        => [.. new[] { "services", "gateway", "mailnode", "platform" }.SelectMany(f => Repository.Files(f, "*.resx"))
            .Where(f => !f.EndsWith(".ja.resx", StringComparison.Ordinal)).Select(f => Path.GetRelativePath(Repository.Root, f))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_text_has_its_use_and_its_translation(string page)
    {
        var (english, japanese) = (Path.Combine(Repository.Root, page), Path.Combine(Repository.Root, Path.ChangeExtension(page, ".ja.resx")));
        var codes = ProblemCodes.All.Where(c => PageOf(c) == Path.GetFileNameWithoutExtension(page)).Select(c => c.Code).ToList();

        Assert.Empty(Faults(Read(XDocument.Load(english)), Read(XDocument.Load(japanese)), codes));
    }

    [Fact]
    public void Every_code_has_a_page_with_its_texts()
    {
        var pages = Pages.Select(p => Path.GetFileNameWithoutExtension(p.Data)).ToHashSet();

        Assert.NotEmpty(ProblemCodes.All);
        Assert.Empty(ProblemCodes.All.Where(c => !pages.Contains(PageOf(c))).Select(c => c.Code));
    }

    [Fact]
    public void Every_code_stands_for_one_thing()
        => Assert.Empty(ProblemCodes.All.GroupBy(c => c.Code).Where(g => g.Count() > 1).Select(g => g.Key));

    [Fact]
    public void Every_code_is_readable() => Assert.All(ProblemCodes.All, c => Assert.Matches(Code(), c.Code));

    [Fact]
    public void Faults_are_found()
    {
        Dictionary<string, string> english = new() { ["a.full"] = "{n} of {max}", ["title.400"] = "Wrong" };
        Dictionary<string, string> japanese = new() { ["a.full"] = "{max} の {n}", ["title.400"] = "誤り" };
        Assert.Empty(Faults(english, japanese, ["a.full"]));

        Assert.Equal(["a.empty: no English text", "a.empty: no Japanese text"], Faults(english, japanese, ["a.full", "a.empty"]));
        Assert.Equal(["a.full: no Japanese text"], Faults(english, Without(japanese, "a.full"), ["a.full"]));
        Assert.Equal(["a.full: without use"], Faults(english, japanese, []));
        Assert.Equal(["b.c: without use"], Faults(english, new(japanese) { ["b.c"] = "x" }, ["a.full"]));
        Assert.Equal(["a.full: other placeholders"], Faults(english, new(japanese) { ["a.full"] = "{max} の {m}" }, ["a.full"]));
        Assert.Equal(["a.full: not translated"], Faults(english, new(japanese) { ["a.full"] = "{n} of {max}" }, ["a.full"]));
        Assert.Equal(["a.full: no Japanese text"], Faults(english, new(japanese) { ["a.full"] = " " }, ["a.full"]));
    }

    private static string PageOf(ProblemCode code) => code.Texts.BaseName.Split('.')[^1];

    private static Dictionary<string, string> Read(XDocument page)
        => page.Descendants("data").ToDictionary(d => (string)d.Attribute("name")!, d => (string)d.Element("value")!);

    private static IEnumerable<string> Faults(Dictionary<string, string> english, Dictionary<string, string> japanese, IReadOnlyCollection<string> codes)
    {
        foreach (var key in codes.Concat(english.Keys).Concat(japanese.Keys).Distinct())
        {
            if (!codes.Contains(key) && !Title().IsMatch(key))
            {
                yield return $"{key}: without use";
                continue;
            }

            var (inEnglish, inJapanese) = (english.GetValueOrDefault(key, "").Trim(), japanese.GetValueOrDefault(key, "").Trim());
            if (inEnglish.Length == 0) yield return $"{key}: no English text";
            if (inJapanese.Length == 0) yield return $"{key}: no Japanese text";
            if (inEnglish.Length == 0 || inJapanese.Length == 0) continue;
            if (inEnglish == inJapanese) yield return $"{key}: not translated";
            else if (!PlaceholdersOf(inEnglish).SequenceEqual(PlaceholdersOf(inJapanese))) yield return $"{key}: other placeholders";
        }
    }

    private static IEnumerable<string> PlaceholdersOf(string text) => Placeholder().Matches(text).Select(m => m.Value).Distinct().Order(StringComparer.Ordinal);

    private static Dictionary<string, string> Without(Dictionary<string, string> texts, string key) => texts.Where(t => t.Key != key).ToDictionary();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex("^title\\.[1-5][0-9][0-9]$")]
    private static partial Regex Title();

    [GeneratedRegex("^[a-z]+(-[a-z0-9]+)*\\.[a-z]+(-[a-z0-9]+)*$")]
    private static partial Regex Code();
}

using Xunit;

namespace Hikyaku.Architecture.Tests;

[Trait("Rule", "OPS-7")]
public class Documents_of_facts
{
    [Fact]
    public void The_page_is_what_the_code_says()
    {
        var (file, generated) = (Path.Combine(Repository.Root, "docs", "facts.md"), FactsPage.Of(FactsPage.Kinds));
        if (Environment.GetEnvironmentVariable("HIKYAKU_ACCEPT") == "1") File.WriteAllText(file, generated);

        Assert.True(File.Exists(file) && File.ReadAllText(file) == generated, "docs/facts.md is not what the code says; HIKYAKU_ACCEPT=1 writes it anew");
    }

    [Fact]
    public void Every_kind_has_a_class_a_purpose_and_an_end()
        => Assert.All(FactsPage.Kinds, kind =>
        {
            Assert.Contains(kind.Class, new[] { "personal", "technical" });
            Assert.EndsWith(".", kind.Purpose, StringComparison.Ordinal);
            Assert.InRange(kind.RetentionDays, 1, 400);
            // Personal facts are erased by the account that they are of (OPS-6).
            Assert.Equal(kind.Class == "personal", kind.AccountColumn is not null);
        });
}

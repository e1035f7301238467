using Hikyaku.DataCopy.Work;

namespace Hikyaku.DataCopy.Tests.Specs;

[Trait("Rule", "SEC-6")]
public sealed class Storing_texts
{
    [Fact]
    public void What_PostgreSQL_cannot_store_is_replaced_for_people()
    {
        foreach (var (text, stored) in new[] { ("請求書 📎", "請求書 📎"), ("a\0b", "a\uFFFDb"), ("a\uD800b", "a\uFFFDb") }) Assert.Equal(stored, StorableText.Of(text));
    }

    [Fact]
    public void Keys_of_different_texts_are_different()
    {
        string[] texts = ["a", "a\0", "a\\0000", "a\\", "a\uD800", "a\uDC00", "a📎", "a\uFFFD", "顧客"];
        Assert.Equal(texts.Length, texts.Select(StorableText.KeyOf).Distinct().Count());
        Assert.All(texts.Select(StorableText.KeyOf), k => Assert.DoesNotContain(k, c => c == '\0' || char.IsSurrogate(c)));
        Assert.Equal("顧客", StorableText.KeyOf("顧客"));
    }
}

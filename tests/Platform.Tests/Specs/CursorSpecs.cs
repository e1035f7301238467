using System.Buffers.Text;
using System.Text;
using Xunit;

namespace Hikyaku.Platform.Tests.Specs;

public class CursorSpecs
{
    [Theory]
    [InlineData("", "", false)]
    [InlineData("taro@example.jp", "0198", true)]
    [InlineData("江戸 'or' \"1\"", "\\;--", false)]
    public void A_cursor_comes_back_as_it_was(string value, string key, bool back)
    {
        var cursor = new Cursor(value, key, back);

        Assert.True(Cursor.TryRead(cursor.ToString(), out var read));
        Assert.Equal(cursor, read);
        Assert.Matches("^[A-Za-z0-9_-]+$", cursor.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Without_a_cursor_the_list_begins(string? text)
    {
        Assert.True(Cursor.TryRead(text, out var cursor));
        Assert.Null(cursor);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("!!!!")]
    [InlineData("====")]
    [InlineData("日本語")]
    [InlineData("2")]
    public void What_is_not_ours_is_refused(string text) => Assert.False(Cursor.TryRead(text, out _));

    [Theory]
    [InlineData("null")]
    [InlineData("1")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("\"text\"")]
    [InlineData("{\"Value\":\"a\"}")]
    [InlineData("{\"Key\":\"a\"}")]
    [InlineData("{\"Value\":null,\"Key\":\"a\",\"Back\":false}")]
    [InlineData("{\"Value\":1,\"Key\":\"a\",\"Back\":false}")]
    [InlineData("{\"Value\":\"a\",\"Key\":\"b\",\"Back\":\"yes\"}")]
    [InlineData("{\"Value\":\"a\",\"Key\":\"b\",\"Back\":false} and more")]
    [InlineData("{\"Value\":\"a\",")]
    [InlineData("{\"Value\":\"\\ud800\",\"Key\":\"b\",\"Back\":false}")]
    [InlineData("{\"Value\":\"a\\u0000\",\"Key\":\"b\",\"Back\":false}")] // PostgreSQL has no such text
    [InlineData("{\"Value\":\"a\",\"Key\":\"\\u0000\",\"Back\":false}")]
    public void Forged_json_is_refused(string json)
        => Assert.False(Cursor.TryRead(Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json)), out _));

    [Fact]
    public void Bytes_that_are_no_text_are_refused()
        => Assert.False(Cursor.TryRead(Base64Url.EncodeToString([.. "{\"Value\":\""u8, 0xff, 0xfe, .. "\",\"Key\":\"b\",\"Back\":false}"u8]), out _));

    [Fact]
    public void Json_without_a_bottom_is_refused()
        => Assert.False(Cursor.TryRead(Base64Url.EncodeToString(Encoding.UTF8.GetBytes(new string('[', 100_000))), out _));

    [Fact]
    public void A_cursor_that_was_cut_is_refused()
    {
        var whole = new Cursor("taro@example.jp", "0198", false).ToString();

        for (var length = 1; length < whole.Length; length++) Assert.False(Cursor.TryRead(whole[..length], out _));
    }
}

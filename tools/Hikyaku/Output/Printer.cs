using System.Globalization;
using System.Text.Json.Nodes;
using Hikyaku.CommandLine.Api;

namespace Hikyaku.CommandLine.Output;

/// <summary>Writes answers, for people or as the API's JSON, and beside them notes. What others have written is shown, never obeyed.</summary>
/// <param name="output">For answers.</param>
/// <param name="error">For notes.</param>
/// <param name="zone">In which times are shown.</param>
/// <param name="isJson">Whether answers are JSON.</param>
internal sealed class Printer(TextWriter output, TextWriter error, TimeZoneInfo zone, bool isJson)
{
    /// <summary>Writes something that was read: as JSON on one line, or as people read it.</summary>
    public void Answer(JsonNode answer, Func<IEnumerable<string>> lines)
    {
        NoteUnavailable(answer.Items("unavailable").Select(s => s.ToString()));
        if (isJson) Write(JsonText.Line(answer));
        else foreach (var line in lines()) Write(TerminalText.Visible(line));
    }

    /// <summary>Writes a list: as JSON an item on each line, or as a table.</summary>
    public void Answer(Listing list, IReadOnlyList<Column> columns, Func<JsonNode, IReadOnlyList<string?>> row)
    {
        NoteUnavailable(list.Unavailable);
        if (isJson) foreach (var item in list.Items) Write(JsonText.Line(item));
        else if (list.Items.Count == 0) Note(CommandTexts.Nothing);
        else foreach (var line in Table.Lines(columns, [.. list.Items.Select(row)])) Write(line);
        if (list.HasMore) Note(CommandTexts.More);
    }

    /// <summary>Says that something was done, unless a program reads.</summary>
    public void Done(string text)
    {
        if (!isJson) Write(TerminalText.Visible(text));
    }

    /// <summary>Writes a note, beside what was asked for.</summary>
    public void Note(string text) => error.WriteLine(TerminalText.Visible(text));

    /// <summary>A time as people read it, in the zone of this terminal.</summary>
    public string? Time(string? time) => DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
        ? TimeZoneInfo.ConvertTime(at, zone).ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture)
        : time;

    private void NoteUnavailable(IEnumerable<string> services)
    {
        var names = string.Join(", ", services);
        if (names.Length > 0) Note(Texts.Fill(CommandTexts.Unavailable, names));
    }

    private void Write(string line)
    {
        try
        {
            output.WriteLine(line);
        }
        catch (IOException e)
        {
            throw new OutputClosedException(e);
        }
    }
}

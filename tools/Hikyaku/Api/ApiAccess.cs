using System.Text.RegularExpressions;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine.Api;

/// <summary>
/// Where the API is (<c>HIKYAKU_API</c>), and the API token by which it is asked: <c>HIKYAKU_TOKEN</c>, or a file that nobody but its owner may
/// read. A token does not go over a network in the clear.
/// </summary>
internal static partial class ApiAccess
{
    private const int MostCharacters = 4096;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Reads both.</summary>
    public static (Uri Address, string Token) Read(Surroundings surroundings) => (AddressOf(surroundings), TokenOf(surroundings));

    private static Uri AddressOf(Surroundings surroundings)
    {
        var typed = surroundings.Variable("HIKYAKU_API");
        if (string.IsNullOrEmpty(typed)) throw new UsageException(CommandTexts.NoApi);
        if (!Uri.TryCreate(typed.TrimEnd('/') + "/api/v1/", UriKind.Absolute, out var address) || address.Scheme is not ("https" or "http") || address.UserInfo.Length > 0 || address.Query.Length > 0)
            throw new UsageException(CommandTexts.BadApi); // what was typed may have a password
        return address.Scheme == "https" || address.IsLoopback ? address : throw new UsageException(Texts.Fill(CommandTexts.PlainApi, typed));
    }

    private static string TokenOf(Surroundings surroundings)
    {
        const string variable = "HIKYAKU_TOKEN";
        if (surroundings.Variable(variable) is { Length: > 0 } given) return Checked(given, variable);
        var named = surroundings.Variable("HIKYAKU_TOKEN_FILE");
        var file = string.IsNullOrEmpty(named) ? Path.Combine(surroundings.Home, ".config", "hikyaku", "token") : named;
        return Checked(FromFile(file), file);
    }

    // What is not one is never shown: it may be a password.
    private static string Checked(string text, string from) => Token().IsMatch(text.Trim()) ? text.Trim() : throw new UsageException(Texts.Fill(CommandTexts.NotAToken, from));

    private static string FromFile(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read);
            // Of the file that was opened: the name may mean another one by now.
            if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(stream.SafeFileHandle) is var mode && (mode & Others) != 0)
                throw new UsageException(Texts.Fill(CommandTexts.TokenFileIsOpen, file, Convert.ToString((int)mode, 8).PadLeft(4, '0')));
            using var reader = new StreamReader(stream);
            var text = new char[MostCharacters];
            return new string(text, 0, reader.ReadBlock(text));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UsageException(Texts.Fill(CommandTexts.NoToken, file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(e.Message);
        }
    }

    [GeneratedRegex("^hky_[A-Za-z0-9_-]{16,128}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Token();
}

using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;

namespace Hikyaku.Panel.Hosting;

/// <summary>
/// Secrets that a task of several pages needs on its next page. They travel sealed in a field of that page's form, for a quarter of an hour
/// and for the reader's login only: the panel keeps nothing, and nobody reads them in the page, an address or a log.
/// </summary>
public sealed class SealedFields(IDataProtectionProvider keys, Reader reader)
{
    /// <summary>The field's name; those that begin with a low line are never kept as a draft.</summary>
    public const string Name = "_sealed";

    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(15);

    /// <summary>Seals something.</summary>
    public string Seal<T>(T value) where T : class => Protector<T>().Protect(JsonSerializer.Serialize(value), Lasts);

    /// <summary>Opens it; null when there is nothing, when it is too old, and when it was sealed for somebody else.</summary>
    public T? Open<T>(string? text) where T : class
    {
        if (string.IsNullOrEmpty(text)) return null;
        try
        {
            return JsonSerializer.Deserialize<T>(Protector<T>().Unprotect(text));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private ITimeLimitedDataProtector Protector<T>() => keys.CreateProtector("sealed-field", typeof(T).Name, reader.Me!.Role, reader.Me.Login).ToTimeLimitedDataProtector();
}

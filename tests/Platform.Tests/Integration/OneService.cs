using Hikyaku.Platform.Testing;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Hikyaku.Platform.Tests.Integration;

/// <summary>One running service for the tests of a class; each test uses parcels of its own.</summary>
public sealed class OneService : IAsyncLifetime
{
    public InternalKeys Keys { get; } = InternalKeys.Create("mail1");

    public Place Place { get; private set; } = null!;

    public ParcelService Service { get; private set; } = null!;

    public ParcelClient Client { get; private set; } = null!;

    public IDocumentStore Store => Service.Services.GetRequiredService<IDocumentStore>();

    public static string NewParcel() => $"p-{Guid.NewGuid():N}";

    public async ValueTask InitializeAsync()
    {
        Place = await Place.NewAsync();
        Service = await ParcelService.StartAsync(Place, Keys);
        Client = new(Service, Keys);
    }

    /// <summary>The stored events of a parcel.</summary>
    public async Task<IReadOnlyList<JasperFx.Events.IEvent>> EventsOfAsync(string parcel)
    {
        await using var session = Store.QuerySession();
        return await session.Events.FetchStreamAsync(parcel);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Service.DisposeAsync();
        Keys.Dispose();
    }
}
